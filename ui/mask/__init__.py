"""The mask component: the damage that was found, drawn over the photograph, and brushes to correct it."""

from dataclasses import asdict
from pathlib import Path

import streamlit as st

from pipeline.mask import THRESHOLD
from pipeline.plan import Plan
from pipeline.stage import Stage
from studio.album import Album
from studio.picture import Picture
from ui.components import component, spans
from ui.keys import key
from ui.words import say

_HERE = Path(__file__).parent
_TOOLS = ("tools", "mark", "erase", "protect", "move", "size", "sensitivity", "hide", "clear", "load", "save")
_LABELS = ("label", "undo", "redo", "in", "out", "fit", "share", "looking", "help", "failed", *_TOOLS)
_TOLD = ("growth", "unreadable", "shape", "resized")
_LATER = {name: f"{{{name}}}" for name in ("share", "pixels", "name", "w0", "h0", "w1", "h1")}
"""What the browser fills in."""

_component = component(_HERE / "mask", _HERE.parent / "viewer" / "controls.css")


def offer(album: Album, number: int, plan: Plan) -> bool:
    """Draw the switch that shows the damage, where a plan repairs it; return whether the editor is drawn."""
    stage = next((stage for stage in plan.stages if stage.takes_mask), None)
    if stage is None:
        return False
    if not st.toggle(say("mask.open"), help=say("mask.open.help"), key=f"mask.on.{album.id}.{number}"):
        _offer_to_drop(album.numbered[number])
        return False
    editor(album, number, stage)
    return True


def _offer_to_drop(picture: Picture) -> None:
    """Where a person corrected the mask, say so and draw the button that drops it."""
    if picture.mask is None:
        return
    st.caption(say("mask.own"))
    if st.button(say("mask.drop"), key="mask.drop", icon=":material/undo:"):
        picture.mask = None
        st.rerun()


def editor(album: Album, number: int, stage: Stage) -> None:
    """Draw a photograph of an album under its mask; the mask goes straight to the server (`api.pixels`).

    Parameters
    ----------
    album : Album
    number : int
        Of the photograph in it.
    stage : Stage
        The editor begins with its detector and sensitivity.
    """
    picture, options = album.numbered[number], asdict(stage)
    data = {
        "address": f"studio/{album.id}/{number}/",
        "page": {} if picture.page is None else {"page": picture.page},  # in addresses, as browsers keep the pictures
        "size": picture.size,
        "isEdited": picture.mask is not None,
        "model": options["model"],
        "sensitivity": {**spans(type(stage))["sensitivity"], "value": options["sensitivity"]},
        "threshold": THRESHOLD,
        "growth": round(options["grow"]),
        "file": f"{Path(picture.name).stem}_mask.png",
        "labels": {name: say(f"mask.{name}", **_LATER) for name in (*_LABELS, *_TOLD)},
    }
    _component(data=data, key=key("mask", album.id, number, picture.page, options["model"], options["sensitivity"]))
