"""Several photographs: one list with the state of each, one set of settings, one ZIP."""

import html

import streamlit as st

from pipeline.errors import StudioError
from studio.album import Album, Picture
from studio.jobs import State
from ui import address
from ui.parts import download, pages, progress, settings
from ui.parts.polling import pause
from ui.words import brief, plain, say, stage_name

_ICONS = {None: "○", State.WAITING: "◌", State.RUNNING: "◔", State.DONE: "✓", State.FAILED: "✕", State.CANCELLED: "–"}

_EVERY = 0.7
"""Seconds between two looks at photographs that are being restored."""


def show(album: Album) -> None:
    """Draw the album's list, its settings, and what can be done with all of it."""
    st.subheader(say("album.count", count=len(album.pictures)), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if album.busy:
            first = next((picture.job for picture in album.pictures if picture.busy), None)
            st.fragment(_watch, run_every=pause(first, _EVERY))(album, _is_running(album))
        else:
            _list(album)
    with right, st.container(key="settings"):
        if album.busy:
            progress.cancel(album.pictures)
            st.caption(say("progress.safe"))
            return
        if any(picture.restored for picture in album.pictures):
            download.whole_album(album)
        plan = settings.choose()
        unfinished = [picture for picture in album.pictures if picture.state is not State.DONE]
        label = say("restore") if unfinished else say("restore.again")
        settings.restore(unfinished or album.pictures, plan, label)


def _is_running(album: Album) -> bool:
    return any(picture.state is State.RUNNING for picture in album.pictures)


def _watch(album: Album, was_running: bool) -> None:
    if not album.busy or (_is_running(album) and not was_running):  # the latter is looked at more often
        st.rerun(scope="app")
    done = sum(not picture.busy for picture in album.pictures)
    running = sum(progress.share(picture) for picture in album.pictures if picture.busy)
    text = say("batch.summary", done=done, count=len(album.pictures))
    if ahead := progress.ahead(album.pictures):
        text = f"{text} · {say('progress.waiting', count=ahead)}"
    st.progress(min((done + running) / len(album.pictures), 1.0), text=text)
    _list(album)


def _list(album: Album) -> None:
    failed = sum(picture.state is State.FAILED for picture in album.pictures)
    if failed:
        st.warning(say("batch.failed", count=failed))
    for number, picture in enumerate(album.pictures):
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"row-{number}"):
            st.html(_row(album, number), width="stretch")
            text = say("batch.open.help", name=plain(picture.name))
            if picture.restored is not None and st.button(say("batch.open"), key=f"open.{number}", help=text):
                address.open_picture(number)


def _row(album: Album, number: int) -> str:
    """Return one photograph of the list: a small picture, its name, its state, and why it failed."""
    picture = album.pictures[number]
    name, state = html.escape(picture.name), html.escape(_state(picture))
    mark = picture.state.value if picture.state else "none"
    image = f'<img src="{pages.preview(album, number)}" alt="" loading="lazy">'
    return (
        f'<div class="row">{image}<div><strong>{name}</strong><br>'
        f'<span class="state {mark}">{_ICONS[picture.state]} {state}</span></div></div>'
    )


def _state(picture: Picture) -> str:
    match picture.state:
        case None:
            return say("state.none")
        case State.RUNNING if picture.job and picture.job.progress:
            now = picture.job.progress
            return say("state.running", stage=stage_name(now.stage), percent=f"{now.fraction * 100:.0f}")
        case State.FAILED if picture.job:
            error = picture.job.error
            return brief(error) if isinstance(error, StudioError) else say("state.failed")
        case state:
            return say(f"state.{state.value}" if state is not State.RUNNING else "progress.starting")
