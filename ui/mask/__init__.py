"""The mask component: the damage that was found, over the photograph, and brushes to correct it."""

from pathlib import Path

import streamlit as st

from pipeline.plan import Plan
from pipeline.stages import Repair
from studio import damage_map
from studio.album import Album, Picture
from ui.keys import key
from ui.words import say

_HERE = Path(__file__).parent
_VIEWER = _HERE.parent / "viewer"
_PARTS = (_VIEWER / "geometry.js", _VIEWER / "pointers.js", _HERE / "sheet.js", _HERE / "mask.js")
_TOOLS = ("tools", "mark", "erase", "protect", "move", "size", "sensitivity", "hide", "clear", "load", "save")
_LABELS = ("label", "undo", "redo", "in", "out", "fit", "share", "looking", "help", "failed", *_TOOLS)

_component = st.components.v2.component(
    "studio.mask",
    html=(_HERE / "mask.html").read_text(encoding="utf-8"),
    css=(_HERE / "mask.css").read_text(encoding="utf-8"),
    js="\n".join(part.read_text(encoding="utf-8") for part in _PARTS),
)


def offer(album: Album, number: int, plan: Plan) -> bool:
    """Draw the switch that shows the damage, where a plan repairs it; return whether the mask is drawn."""
    repairs = [stage for stage in plan.stages if isinstance(stage, Repair)]
    if not repairs:
        return False
    if not st.toggle(say("mask.open"), help=say("mask.open.help"), key=f"mask.on.{album.id}.{number}"):
        _tell_own(album.pictures[number])
        return False
    editor(album, number, repairs[0])
    return True


def _tell_own(picture: Picture) -> None:
    """Say that the mask is a person's own, where it is, and offer to give it up."""
    if picture.mask is None:
        return
    st.caption(say("mask.own"))
    if st.button(say("mask.drop"), key="mask.drop", icon=":material/undo:"):
        picture.mask = None
        st.rerun()


def editor(album: Album, number: int, repair: Repair) -> None:
    """Draw a photograph of an album with its mask; the mask goes straight to the server (`api.routes`).

    Parameters
    ----------
    album : Album
    number : int
        Of the photograph in it.
    repair : Repair
        Its detector and sensitivity are where the editor begins.
    """
    picture = album.pictures[number]
    data = {
        "address": f"studio/{album.id}/{number}/",
        "size": damage_map.size(picture),
        "edited": picture.mask is not None,
        "model": repair.model,
        "sensitivity": repair.sensitivity,
        "file": f"{Path(picture.name).stem}_mask.png",
        "labels": {name: say(f"mask.{name}", share="{share}") for name in _LABELS},  # the browser knows the share
    }
    _component(data=data, key=key("mask", album.id, number, repair.model, repair.sensitivity))
