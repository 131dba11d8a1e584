"""The progress of a job: its place in the queue, its stages with ticks, the time left, and Cancel."""

import html
from collections.abc import Sequence

import streamlit as st

from studio.album import Album
from studio.jobs import State
from studio.picture import Picture
from ui import address
from ui.parts import preview
from ui.parts.polling import pause
from ui.shop import workshop
from ui.words import number, plain, say, say_time, stage_name

EVERY = 0.4
"""Seconds between two looks at a job that runs."""


def watch(album: Album, number: int) -> None:
    """Draw a photograph and its progress, which is drawn anew several times a second without the rest of the page."""
    picture = album.numbered[number]
    left, right = st.columns([3, 2], gap="large")
    with left:
        preview.show(album, number)
    with right:
        st.fragment(_watch, run_every=pause(picture.job, EVERY))(picture, picture.state)


def _watch(picture: Picture, state: State | None) -> None:
    job = picture.job
    if job is None or picture.state is not state:  # one that runs is looked at more often
        address.draw_again()
        return
    with st.container(border=True, key="progress"):
        st.subheader(plain(picture.name), anchor=False)
        if job.state is State.WAITING:
            first = ahead([picture])
            st.progress(0.0, text=say("progress.waiting", count=first) if first else say("progress.starting"))
        else:
            st.progress(share(picture), text=_time_left(picture))
        st.html(_steps(picture))
        cancel([picture])
        st.caption(say("progress.safe"))


def cancel(pictures: Sequence[Picture]) -> None:
    """Draw the button that cancels the restorations of photographs."""
    is_stopping = all(picture.job is None or picture.job.cancelled() for picture in pictures)
    st.button(
        say("progress.cancelling") if is_stopping else say("progress.cancel"),
        on_click=workshop().cancel,
        args=(pictures,),
        disabled=is_stopping,
        key="cancel",
        icon=":material/close:",
    )


def ahead(pictures: Sequence[Picture]) -> int:
    """Return how many jobs come before the first restoration of these that waits; 0 where one of them runs."""
    if any(picture.state is State.RUNNING for picture in pictures):
        return 0
    return next((workshop().ahead(picture.job) for picture in pictures if picture.job and picture.busy), 0)


def share(picture: Picture) -> float:
    """Return the share of a running job that is done, in [0, 1]."""
    now = picture.job.progress if picture.job else None
    return 0.0 if now is None else min((now.index + now.fraction) / now.count, 1.0)


def _time_left(picture: Picture) -> str:
    seconds = workshop().time_left(picture)
    return say("progress.left.unknown") if seconds is None else say_time("progress.left", seconds)


def _steps(picture: Picture) -> str:
    """Return the list of stages: ticks for those that are done, the share of the one that runs."""
    now = picture.job.progress if picture.job else None
    names = [stage.name for stage in picture.plan.stages] if picture.plan else []
    before = -1 if picture.state is State.RUNNING else -2  # reading the file comes before the stages
    at = before if now is None else now.index
    rows = [_step(say("progress.reading"), -1, at, 0.0)]
    rows += [_step(stage_name(name), index, at, now.fraction if now else 0.0) for index, name in enumerate(names)]
    return f'<ol class="steps">{"".join(rows)}</ol>'


def _step(label: str, index: int, at: int, fraction: float) -> str:
    kind = "done" if index < at else "now" if index == at else "later"
    percent = number(fraction, ".0%") if kind == "now" and index >= 0 else ""
    text = say(f"progress.{kind}")
    return f'<li class="{kind}">{html.escape(label)} <span aria-label="{text}">{percent}</span></li>'
