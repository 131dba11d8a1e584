"""Several photographs: one list with the state of each, one set of settings, one ZIP."""

import html
from collections.abc import Sequence

import streamlit as st

from pipeline.errors import StudioError
from pipeline.plan import Plan
from studio.album import Album
from studio.jobs import State
from studio.picture import Picture
from ui import address
from ui.parts import ahead, download, drop, preview, progress, restorations, settings
from ui.parts.polling import pause
from ui.shop import workshop
from ui.words import brief, plain, say, say_time, stage_name

_ICONS = {None: "○", State.WAITING: "◌", State.RUNNING: "◔", State.DONE: "✓", State.FAILED: "✕", State.CANCELLED: "–"}

_EVERY = 0.7
"""Seconds between two looks at photographs that are being restored."""

_ROWS = 50
"""Photographs on one page of the list; a browser is slow with hundreds of buttons."""


def show(album: Album) -> None:
    """Draw the album's list, its settings, and what can be done with all of it."""
    if not album.numbered:
        address.leave(album)
    st.subheader(say("album.count", count=len(album.numbered)), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        numbers = _page(album)
        if album.busy:
            first = next((picture.job for picture in album.pictures if picture.busy), None)
            st.fragment(_watch, run_every=pause(first, _EVERY))(album, numbers, _is_running(album))
        else:
            _tell_end(album)
            _list(album, numbers)
            _add(album)
    with right, st.container(key="settings"):
        if album.busy:
            progress.cancel(album.pictures)
            st.caption(say("progress.safe"))
            return
        above = st.container()
        warning = st.container()
        plan = settings.choose()
        with warning:
            ahead.warn_list(plan, [picture for picture in album.pictures if picture.own is None])
        _restore(album, plan)
        restored = sum(picture.restored is not None for picture in album.pictures)
        is_early = 2 * restored < len(album.numbered)  # what comes next is to restore the others
        if restored:
            with st.container() if is_early else above:
                download.whole_album(album, restored, is_second=is_early)


def _restore(album: Album, plan: Plan) -> None:
    """Draw the buttons that restore what is not restored yet, and everything again."""
    unfinished = [picture for picture in album.pictures if picture.state is not State.DONE]
    is_retry = bool(unfinished) and all(picture.state is State.FAILED for picture in unfinished)
    again = say("batch.again")
    label = say("batch.retry") if is_retry else say("restore") if unfinished else again
    restorations.button(unfinished or album.pictures, plan, label, key="restore.list")
    if 0 < len(unfinished) < len(album.pictures) and st.button(again, width="stretch", key="restore.all"):
        restorations.submit_all(album.pictures, plan)


def _page(album: Album) -> list[int]:
    """Draw the choice of a page where the list is long; return the numbers of its photographs."""
    numbers = list(album.numbered)
    if len(numbers) <= _ROWS:
        return numbers
    starts = range(0, len(numbers), _ROWS)
    key, of = f"list.{album.id}", len(numbers)
    first = st.selectbox(
        say("batch.page"), starts, key=key, format_func=lambda start: f"{start + 1} - {min(start + _ROWS, of)} / {of}"
    )
    return numbers[first : first + _ROWS]


def _add(album: Album) -> None:
    """Draw the place to drop more photographs."""
    room = workshop().config.max_pictures - len(album.numbered)
    if room <= 0:
        return
    with st.expander(say("batch.add"), icon=":material/add_photo_alternate:"):
        if files := drop.show("add", room):
            workshop().add(album, files)
            st.rerun()


def _is_running(album: Album) -> bool:
    return any(picture.state is State.RUNNING for picture in album.pictures)


def _watch(album: Album, numbers: Sequence[int], was_running: bool) -> None:
    if not album.busy or (_is_running(album) and not was_running):  # the latter is looked at more often
        address.draw_again()
        return
    pictures = album.pictures
    part = sum(progress.share(picture) if picture.busy else 1 for picture in pictures) / len(pictures)
    told = [_restored(album)]
    if ahead := progress.ahead(pictures):
        told.append(say("progress.waiting", count=ahead))
    elif (seconds := workshop().time_left_of(pictures)) is not None:
        told.append(say_time("progress.left", seconds))
    st.progress(min(part, 1.0), text=" · ".join(told))
    _list(album, numbers)


def _restored(album: Album) -> str:
    done = sum(picture.state is State.DONE for picture in album.pictures)
    return say("batch.summary", done=done, count=len(album.pictures))


def _tell_end(album: Album) -> None:
    """Draw how many photographs were restored, once somebody has asked for it."""
    if all(picture.state is None for picture in album.pictures):
        return
    failed = sum(picture.state is State.FAILED for picture in album.pictures)
    text = f"{_restored(album)} · {say('batch.failed', count=failed)}" if failed else _restored(album)
    (st.warning if failed else st.success)(text)


def _list(album: Album, numbers: Sequence[int]) -> None:
    for number in numbers:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"row-{number}"):
            st.html(_row(album, number), width="stretch")
            _buttons(album, number)


def _buttons(album: Album, number: int) -> None:
    """Draw what can be done with one photograph of the list; while others are restored, none is removed."""
    picture = album.numbered[number]
    name = plain(picture.name)
    if not picture.busy and st.button(say("batch.open"), key=f"open.{number}", help=say("batch.open.help", name=name)):
        address.open_picture(album, number)
    if album.busy:
        return
    text = say("batch.remove.help", name=name)
    if st.button(say("batch.remove"), key=f"remove.{number}", help=text, icon=":material/close:", type="tertiary"):
        album.remove(number)
        st.rerun()


def _row(album: Album, number: int) -> str:
    """Return one photograph of the list: a small picture, its name, its state, and why it failed."""
    picture = album.numbered[number]
    name, state = html.escape(picture.name), html.escape(_state(picture))
    mark = picture.state.value if picture.state else "none"
    image = f'<img src="{preview.address(album, number)}" alt="" loading="lazy">'
    own = f' <span class="badge">{html.escape(say("scope.mark"))}</span>' if picture.own else ""
    return (
        f'<div class="row">{image}<div><strong>{name}</strong>{own}<br>'
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
