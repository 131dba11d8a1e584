"""The progress of a job: its place in the queue, its stages, and Cancel."""

import streamlit as st

from pipeline.jobs import Job, State
from pipeline.run import Result
from ui import work


@st.fragment(run_every=0.4)
def watch(job: Job[Result]) -> None:
    """Draw the progress anew several times a second, without running the rest of the page."""
    if job.finished:
        st.rerun(scope="app")
    ahead = work.workshop().queue.ahead(job)
    if job.state is State.WAITING and ahead:
        st.progress(0.0, text=f"Waiting: {ahead} before yours")
    elif job.progress is None:
        st.progress(0.0, text="Reading the photograph")
    else:
        now = job.progress
        share = (now.index + now.fraction) / now.count
        st.progress(min(share, 1.0), text=f"{now.stage.capitalize()} (step {now.index + 1} of {now.count})")
    if st.button("Cancel", disabled=job.cancelled()):
        job.cancel()
