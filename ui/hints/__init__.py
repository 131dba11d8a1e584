"""Colour hints: points on the photograph, each with the colour that Colorize is to give what lies there."""

from pathlib import Path
from typing import Any

import streamlit as st

from pipeline.plan import Plan
from pipeline.stages import Colorize
from studio.album import Album
from ui import address
from ui.components import component
from ui.keys import key
from ui.parts import preview
from ui.parts.colour_hints import KEY, of, read
from ui.words import say

_HERE = Path(__file__).parent
_MOST = 30
"""Points on a photograph; they stand in the address of the page."""

_PALETTE = {
    "skin": "#d9a98c",
    "hair": "#5f4630",
    "sky": "#86b4dc",
    "leaf": "#5e8a3c",
    "wood": "#8a5f38",
    "red": "#a63a36",
    "blue": "#35557f",
    "grey": "#808080",
}
_LABELS = ("label", "palette", "free", "help", "add", "remove", "clear")
_LATER = "{number}"
"""What the browser fills in."""

_component = component(_HERE / "hints", _HERE.parent / "viewer" / "controls.css")


def offer(album: Album, number: int, plan: Plan) -> bool:
    """Draw the switch that shows the editor, where a plan colours a photograph; return whether the editor is drawn."""
    stage = next((each for each in plan.stages if each.name == Colorize.name), None)
    if stage is None:
        return False
    if not st.toggle(say("hints.open"), help=say("hints.open.help"), key=f"hints.on.{album.id}.{number}"):
        return False
    _editor(album, number, of(stage))
    return True


def _editor(album: Album, number: int, hints: str) -> None:
    picture = album.numbered[number]
    here = key("hints", album.id, number, picture.page)
    data = {
        "image": preview.address(album, number),
        "points": [_point(each) for each in hints.split()],
        "most": _MOST,
        "palette": [{"colour": colour, "label": say(f"hints.{name}")} for name, colour in _PALETTE.items()],
        "labels": {name: say(f"hints.{name}") for name in _LABELS}
        | {"point": say("hints.point", number=_LATER), "alt": say("preview.alt", name=picture.name)},
    }
    _component(data=data, key=here, on_edit_change=lambda: _keep(album, st.session_state[here].edit))


def _point(hint: str) -> dict[str, Any]:
    x, y, colour = hint.split(",")
    return {"x": float(x), "y": float(y), "colour": colour.lower()}


def _keep(album: Album, hints: str) -> None:
    """Write the points into the address; they are of this photograph alone."""
    address.narrow(album)
    address.record(KEY, read(hints), "")
