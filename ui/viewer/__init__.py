"""The before-and-after component: two pictures on one another, pixel by pixel, and the live finish."""

from pathlib import Path
from typing import Any

from pipeline import finish
from pipeline.finish import Finish
from pipeline.methods import strengths
from studio import layers
from studio.album import Album
from studio.picture import Picture
from ui.components import component, spans
from ui.faces import SHARED, proof
from ui.keys import key
from ui.words import say, stage_name

_HERE = Path(__file__).parent
_LABELS = ("label", "before", "after", "divider", "fit", "full", "in", "out", "hold", "screen", "strip", "photo")
_MORE_LABELS = ("faces", "beside", "result", "help", "failed")
_STRENGTH = {"low": strengths.NONE, "high": strengths.ALL, "step": 0.05, "neutral": strengths.ALL}

_component = component(_HERE / "viewer", *SHARED)


def viewer(album: Album, number: int) -> None:
    """Draw a restored photograph beside its original; the finish goes straight to the server (`api.pixels`).

    Parameters
    ----------
    album : Album
    number : int
        Of the photograph in it.
    """
    picture = album.numbered[number]
    run = picture.done.layers.id
    data = {
        "address": f"studio/{album.id}/{number}/",
        "run": run,
        "size": picture.done.layers.size,
        "photo": layers.PHOTO,
        "result": layers.RESULT,
        "maxSide": layers.MAX_SIDE,
        "radius": finish.RADIUS,
        "stages": _stages(picture),
        "faces": proof.outlined(picture),
        "strength": _STRENGTH,
        "sliders": {name: {**span, "value": getattr(picture.finish, name)} for name, span in spans(Finish).items()},
        "labels": _labels(),
    }
    _component(data=data, key=key("viewer", album.id, number, run))


def _stages(picture: Picture) -> list[dict[str, Any]]:
    """Return the stages in order, each with its layer and its strength."""
    return [
        {
            "name": timing.stage,
            "label": stage_name(timing.stage),
            "layer": layer,
            "changed": timing.outcome != "skipped",
            "strength": picture.strengths.get(timing.stage, strengths.ALL),
        }
        for layer, timing in enumerate(picture.done.timings, start=layers.PHOTO + 1)
    ]


def _labels() -> dict[str, str]:
    viewer_labels = {name: say(f"viewer.{name}") for name in (*_LABELS, *_MORE_LABELS)}
    finish_labels = {name: say(f"finish.{name}") for name in ("title", "blur", "sharpen", "strengths", "reset")}
    return viewer_labels | finish_labels
