"""The page Studio: photographs in, Restore, what came of it."""

from typing import Any

import streamlit as st

from pipeline.errors import QueueFull, StudioError
from pipeline.plan import Plan
from studio.album import Album
from studio.jobs import Job, State
from studio.picture import Picture, Preview
from ui import address, cutter, excerpt, faces, hints, mask
from ui.parts import pages, preview, progress, restorations, scope
from ui.parts.polling import pause
from ui.screens import result, start
from ui.screens.album import show as show_album
from ui.shop import visitor, workshop
from ui.words import explain, plain, say

_OPENING_S = 1.0
"""Seconds that a page waits for a preview before it says so."""

_EVERY = 0.5
"""Seconds between two looks at a preview that is being made."""


def show() -> None:
    """Draw the page."""
    album = address.album()
    if album is None:
        start.show()
        return
    number = address.picture(album)
    _back(album, number)
    if number is None:
        show_album(album)
    else:
        _show_picture(album, number)


def _back(album: Album, number: int | None) -> None:
    """Draw the ways out of here."""
    with st.container(horizontal=True, gap="small"):
        if st.button(say("album.new"), icon=":material/arrow_back:", type="tertiary"):
            address.leave(album)
        if len(album.pictures) > 1 and number is not None:
            back = say("album.back")
            st.button(back, icon=":material/grid_view:", type="tertiary", on_click=address.close, args=(album,))


def _show_picture(album: Album, number: int) -> None:
    """Draw one photograph in whatever state it is."""
    picture = album.numbered[number]
    if picture.busy:
        progress.watch(album, number)
        return
    seen = picture.preview.result if picture.preview else None
    if seen is None or seen.error is None:  # else it is told below
        _tell_failure(picture)
    if picture.restored is None:
        _before(album, picture, number)
        return
    result.show(album, number)
    with st.expander(say("restore.other"), icon=":material/tune:"):
        pages.choose(album, number)
        is_tried = excerpt.offer(album, number)
        plan = scope.choose(album, number)
        if is_tried and plan.stages:
            excerpt.show(album, number, plan)
        else:
            _over_it(album, number, plan)
        restorations.button([picture], plan, say("restore.again"))


def _before(album: Album, picture: Picture, number: int) -> None:
    """Draw a photograph that was not restored yet, the settings, and Restore."""
    job = _preview(picture)
    if job is None or not job.wait(_OPENING_S):
        st.fragment(_await, run_every=pause(job, _EVERY))(picture, job)
        return
    seen = job.result
    if seen is None:
        _tell(job)
        return
    if seen.error is not None:
        st.subheader(plain(picture.name), anchor=False)
        st.error(explain(seen.error), icon=":material/broken_image:")
        pages.choose(album, number)
        return
    left, right = st.columns([3, 2], gap="large")
    with right, st.container(key="settings"):
        st.subheader(plain(picture.name), anchor=False)
        st.caption(f"{seen.size[0]} × {seen.size[1]}")
        pages.choose(album, number)
        is_cut = cutter.offer(album, number)
        is_tried = not is_cut and excerpt.offer(album, number)
        plan = scope.choose(album, number)
        if not is_cut:
            cutter.tell(picture)
        restorations.button([picture], plan, say("restore"))
    with left, st.container(key="preview"):
        if is_cut:
            cutter.editor(album, number)
        elif is_tried and plan.stages:
            excerpt.show(album, number, plan)
        elif not _over_it(album, number, plan):
            preview.show(album, number)


def _over_it(album: Album, number: int, plan: Plan) -> bool:
    """Draw the photograph under what a person may set on it for the stages of a plan; return whether it is drawn."""
    return any(part.offer(album, number, plan) for part in (mask, hints, faces))


def _preview(picture: Picture) -> Job[Preview] | None:
    """Return the job that makes a preview; None where too many visitors wait for theirs."""
    try:
        return workshop().preview(visitor(), picture)
    except QueueFull:
        return None


def _await(picture: Picture, job: Job[Preview] | None) -> None:
    """Draw the page again once a preview is made; where the queue was full, submit it once it is not."""
    if _preview(picture) is not None if job is None else job.finished:
        address.draw_again()
    st.caption(say("preview.opening"))


def _tell_failure(picture: Picture) -> None:
    """Draw what kept the last job from its end."""
    if picture.state is State.CANCELLED:
        st.info(say("progress.cancelled"))
    if picture.state is State.FAILED and picture.job is not None:
        _tell(picture.job)


def _tell(job: Job[Any]) -> None:
    """Draw what kept a job from its end."""
    error = job.error
    if isinstance(error, StudioError):
        st.error(f"{explain(error)}  \n{say('error.open')}", icon=":material/error:")
    elif isinstance(error, MemoryError):
        st.error(say("error.memory"), icon=":material/memory:")
    elif error is not None:
        st.error(say("error.inside", reference=plain(job.id)), icon=":material/error:")
