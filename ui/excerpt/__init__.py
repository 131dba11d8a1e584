"""The settings tried on a part of a photograph, which a person chooses, at full size."""

from pathlib import Path
from typing import Any

import streamlit as st

from pipeline.errors import QueueFull, StudioError
from pipeline.plan import Plan
from studio.album import Album
from studio.jobs import Job
from studio.picture import Excerpt, Picture
from ui import address
from ui.components import component
from ui.keys import key
from ui.parts import ahead, preview
from ui.parts.polling import draw_again_once, pause
from ui.shop import visitor, workshop
from ui.words import explain, listed, plain, say, stage_name

_HERE = Path(__file__).parent
_LABELS = ("move", "help", "before", "after", "divider", "scroll")

_EVERY = 0.3
"""Seconds between two looks at a job."""

_component = component(_HERE / "excerpt", _HERE.parent / "viewer" / "controls.css")


def offer(album: Album, number: int) -> bool:
    """Draw the switch of the preview in advanced mode; return whether the preview is to be drawn."""
    if address.asked("mode", str) != "advanced":
        return False
    return st.toggle(say("excerpt.open"), help=say("excerpt.open.help"), key=f"excerpt.on.{album.id}.{number}")


def show(album: Album, number: int, plan: Plan) -> None:
    """Draw a photograph with the part that is tried, and that part before and after."""
    picture = album.numbered[number]
    here = key("excerpt", album.id, number, picture.page)
    job = _job(picture, plan, here)
    labels = {name: say(f"excerpt.{name}") for name in _LABELS} | {"alt": say("preview.alt", name=picture.name)}
    data: dict[str, Any] = {"image": preview.address(album, number), "labels": labels}
    if job is not None and job.result is not None:
        data |= _tried(f"studio/{album.id}/{number}/excerpt?id={job.result.id}", job.result)
    _component(data=data, key=here, on_centre_change=lambda: _keep(here))
    if job is None or not job.finished:
        draw_again_once(lambda: _is_done(picture, plan, here), pause(job, _EVERY), say("excerpt.working"))
    else:
        _tell(job)


def _tried(where: str, made: Excerpt) -> dict[str, Any]:
    """Return a part as the browser draws it."""
    pictures = {side: f"{where}&side={side}" for side in ("before", "after")}
    return {"part": made.part, "pictures": pictures, "size": made.size}


def _job(picture: Picture, plan: Plan, here: str) -> Job[Excerpt] | None:
    """Return the job that restores the part; None where too many visitors wait."""
    centre = st.session_state.get(f"{here}.centre")
    try:
        return workshop().excerpts.make(visitor(), picture, plan, centre, is_full=ahead.is_full())
    except QueueFull:
        return None


def _is_done(picture: Picture, plan: Plan, here: str) -> bool:
    job = _job(picture, plan, here)
    return job is not None and job.finished


def _tell(job: Job[Excerpt]) -> None:
    """Draw what differs from the whole, or why there is nothing to see."""
    if job.result is None:
        inside = say("error.inside", reference=plain(job.id))
        st.error(explain(job.error) if isinstance(job.error, StudioError) else inside)
    elif job.result.by_whole:
        names = listed(stage_name(name) for name in job.result.by_whole)
        st.caption(f":material/info: {say('excerpt.by-whole', stages=names)}")


def _keep(here: str) -> None:
    """Remember the part that a person chose."""
    x, y = (min(max(float(share), 0.0), 1.0) for share in st.session_state[here].centre)
    st.session_state[f"{here}.centre"] = x, y
