"""The progress of a job: its place in the queue, its stages with ticks, the time left, and Cancel."""

import html

import streamlit as st

from studio import workshop
from studio.album import Picture
from studio.jobs import State
from ui.words import plain, say, stage_name

EVERY = 0.4
"""Seconds between two looks."""

_PATIENCE = 0.8
"""Seconds to wait for a cancelled job before the page says that it is stopping."""


@st.fragment(run_every=EVERY)
def watch(picture: Picture) -> None:
    """Draw the progress anew several times a second, without running the rest of the page."""
    job = picture.job
    if job is None or not picture.busy:
        st.rerun(scope="app")
    ahead = workshop.workshop().queue.ahead(job)
    with st.container(border=True, key="progress"):
        st.subheader(plain(picture.name), anchor=False)
        if job.state is State.WAITING:
            st.progress(0.0, text=say("progress.waiting", count=ahead) if ahead else say("progress.starting"))
        else:
            st.progress(share(picture), text=_time_left(picture))
        st.html(_steps(picture))
        label = say("progress.cancelling") if job.cancelled() else say("progress.cancel")
        if st.button(label, disabled=job.cancelled(), key="cancel", icon=":material/close:"):
            job.cancel()
            job.wait(_PATIENCE)  # most work stops at once, and then there is nothing more to watch
            st.rerun(scope="app")
        st.caption(say("progress.safe"))


def share(picture: Picture) -> float:
    """Return the share of a running job that is done, in [0, 1]."""
    now = picture.job.progress if picture.job else None
    return 0.0 if now is None else min((now.index + now.fraction) / now.count, 1.0)


def _time_left(picture: Picture) -> str:
    if picture.job is None or picture.plan is None:
        return ""
    seconds = workshop.workshop().pace.left(picture.plan, picture.size[0] * picture.size[1], picture.job)
    if seconds is None:
        return say("progress.left.unknown")
    if seconds < 90:
        return say("progress.left.seconds", count=max(round(seconds), 1))
    return say("progress.left.minutes", count=round(seconds / 60))


def _steps(picture: Picture) -> str:
    """Return the list of stages: ticks for those that are done, the share of the one that runs."""
    now = picture.job.progress if picture.job else None
    names = [stage.name for stage in picture.plan.stages] if picture.plan else []
    at = -1 if now is None else now.index
    rows = [_step(say("progress.reading"), -1, at, 0.0)]
    rows += [_step(stage_name(name), index, at, now.fraction if now else 0.0) for index, name in enumerate(names)]
    return f'<ol class="steps">{"".join(rows)}</ol>'


def _step(label: str, index: int, at: int, fraction: float) -> str:
    kind = "done" if index < at else "now" if index == at else "later"
    percent = f"{fraction:.0%}".replace("%", " %") if kind == "now" and index >= 0 else ""
    text = say(f"progress.{kind}")
    return f'<li class="{kind}">{html.escape(label)} <span aria-label="{text}">{percent}</span></li>'
