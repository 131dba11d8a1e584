"""The cutter: outlines over a scan or a photograph, to crop, turn, straighten and split it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pipeline.errors import QueueFull, StudioError
from studio.album import Album
from studio.jobs import Job
from studio.picture import Picture
from ui import address
from ui.components import component
from ui.keys import key
from ui.parts import preview
from ui.parts.polling import draw_again_once, pause
from ui.shop import visitor, workshop
from ui.words import explain, forms, language, plain, say

_HERE = Path(__file__).parent
_LABELS = ("left", "right", "straighten", "proportion", "perspective", "add", "remove", "help", "cut")
_LATER = "{number}"
"""What the browser fills in."""

_PROPORTIONS = ("3:2", "2:3", "4:3", "3:4", "1:1")
_WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
_EVERY = 0.5
"""Seconds between two looks at a job."""

_component = component(_HERE / "cutter", _HERE.parent / "viewer" / "controls.css")


def offer(album: Album, number: int) -> bool:
    """Draw what leads to the cutter, and back from it; return whether it is to be drawn."""
    picture = album.numbered[number]
    if picture.scan in album.scans and st.button(say("cut.back"), icon=":material/undo:"):
        album.put_back(picture.scan)
        address.open_picture(album, picture.scan)
    return st.toggle(say("cut.open"), help=say("cut.open.help"), key=f"cut.on.{album.id}.{number}")


def tell(picture: Picture) -> None:
    """Draw how many photographs seem to be on a scan, once that is known."""
    found = _prints(picture)
    if found is None or not found.finished:
        _wait(picture, found)
    elif found.result:
        count = len(found.result)
        text = say("cut.found", count=count) if count > 1 else say("cut.margin")
        st.caption(f":material/lightbulb: {text}")


def editor(album: Album, number: int) -> None:
    """Draw the cutter over a photograph, or the progress of what was requested there."""
    cutting: Job[list[int]] | None = st.session_state.get(_order(album, number))
    if cutting is not None:
        _follow(album, number, cutting)
        return
    picture = album.numbered[number]
    found = _prints(picture)
    if found is None or not found.finished:
        _wait(picture, found, say("cut.looking"))
        return
    asked = _component(
        data=_data(album, number, found.result or [_WHOLE]),
        key=key("cutter", album.id, number, picture.page),
        on_cut_change=lambda: None,
    )
    if asked.cut:
        _cut(album, number, asked.cut)


def _data(album: Album, number: int, outlines: Sequence[Any]) -> dict[str, Any]:
    picture = album.numbered[number]
    labels = {name: say(f"cut.{name}") for name in _LABELS}
    labels["corner"] = say("cut.corner", number=_LATER)
    free = {"label": say("cut.free"), "value": ""}
    fixed = [{"label": text, "value": _ratio(text)} for text in _PROPORTIONS]
    return {
        "image": preview.address(album, number),
        "size": picture.size,
        "outlines": outlines,
        "proportions": [free, *fixed],
        "labels": labels,
        "several": forms("cut.several"),
        "language": language(),
    }


def _ratio(text: str) -> float:
    wide, high = text.split(":")
    return int(wide) / int(high)


def _cut(album: Album, number: int, outlines: Any) -> None:
    """Submit what the browser asked for."""
    try:
        corners = [[(float(x), float(y)) for x, y in each] for each in outlines]
        st.session_state[_order(album, number)] = workshop().cut(visitor(), album, number, corners)
    except StudioError as error:
        st.error(explain(error))
        return
    st.rerun()


@st.fragment(run_every=_EVERY)
def _follow(album: Album, number: int, job: Job[list[int]]) -> None:
    """Wait for a cut, and go to what came of it."""
    if not job.finished:
        preview.show(album, number)
        st.caption(say("cut.working"))
        return
    del st.session_state[_order(album, number)]
    if job.result is None:
        error = job.error
        st.error(explain(error) if isinstance(error, StudioError) else say("error.inside", reference=plain(job.id)))
    elif len(job.result) == 1:
        address.open_picture(album, job.result[0])
    else:
        address.close(album)
        st.rerun(scope="app")


def _order(album: Album, number: int) -> str:
    return f"cutting.{album.id}.{number}"


def _prints(picture: Picture) -> Job[list[Any]] | None:
    """Return the job that finds the prints on a scan; None where too many visitors wait."""
    try:
        return workshop().prints(visitor(), picture)
    except QueueFull:
        return None


def _wait(picture: Picture, found: Job[list[Any]] | None, text: str = "") -> None:
    """Draw the page again once the prints on a scan are found."""

    def is_known() -> bool:
        job = _prints(picture)
        return job is not None and job.finished

    draw_again_once(is_known, pause(found, _EVERY), text)
