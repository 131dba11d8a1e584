"""The before-and-after component: two pictures on one another, pixel by pixel, and the live finish."""

from pathlib import Path

import streamlit as st

from pipeline.finish import Finish
from pipeline.options import Number, rules
from studio.album import Album
from ui.keys import key
from ui.words import say, stage_name

_HERE = Path(__file__).parent
_PARTS = ("geometry.js", "pointers.js", "plane.js", "divider.js", "finish.js", "strip.js", "viewer.js")
_LABELS = ("label", "before", "after", "divider", "fit", "full", "in", "out", "hold", "screen", "strip", "photo")
_MORE_LABELS = ("result", "help", "failed")

_component = st.components.v2.component(
    "studio.viewer",
    html=(_HERE / "viewer.html").read_text(encoding="utf-8"),
    css=(_HERE / "viewer.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / part).read_text(encoding="utf-8") for part in _PARTS),
)


def viewer(album: Album, number: int) -> None:
    """Draw the restored photograph of an album; its live finish goes straight to the server (`api.routes`).

    Parameters
    ----------
    album : Album
    number : int
        Of the photograph in it.
    """
    picture = album.pictures[number]
    done = picture.done
    run = done.layers.id
    data = {
        "address": f"studio/{album.id}/{number}/",
        "run": run,
        "size": done.layers.size,
        "stages": [
            {"name": timing.stage, "label": stage_name(timing.stage), "changed": timing.outcome != "skipped"}
            for timing in done.timings
        ],
        "finish": {"blur": picture.finish.blur, "sharpen": picture.finish.sharpen, "strengths": picture.strengths},
        "limits": {name: [rule.low, rule.high, rule.step] for name, rule in _sliders().items()},
        "labels": _labels(),
    }
    _component(data=data, key=key("viewer", album.id, number, run))


def _sliders() -> dict[str, Number]:
    return {name: rule for name, rule in rules(Finish).items() if isinstance(rule, Number)}


def _labels() -> dict[str, str]:
    viewer_labels = {name: say(f"viewer.{name}") for name in (*_LABELS, *_MORE_LABELS)}
    finish_labels = {name: say(f"finish.{name}") for name in ("title", "blur", "sharpen", "strengths", "reset")}
    return viewer_labels | finish_labels
