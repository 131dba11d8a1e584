"""The page: a photograph in, Restore, the result."""

import streamlit as st

from pipeline.errors import StudioError
from pipeline.jobs import Job, State
from pipeline.plan import Plan
from pipeline.run import Result
from ui import models_box, progress, result, settings, work


def show() -> None:
    """Draw the whole page; called once per run of the script."""
    st.set_page_config(page_title="Restoration Studio", page_icon="🖼️", layout="centered")
    st.title("Restoration Studio")
    st.caption("Old and poor photographs, restored on this machine. Nothing leaves it.")
    upload = st.file_uploader(
        "Photograph",
        max_upload_size=work.workshop().config.max_upload_megabytes,
        help="JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or HEIC; known by its content, whatever its name ends in",
    )
    plan = settings.choose()
    if upload is not None and st.button("Restore", type="primary", width="stretch", disabled=_busy()):
        _order(upload.getvalue(), upload.name, plan)
    if upload is None and "job" not in st.session_state:
        st.info("Choose a photograph, then press Restore. Large ones are reduced, and the page says so.")
    _show_job()
    models_box.show()


def _busy() -> bool:
    job: Job[Result] | None = st.session_state.get("job")
    return job is not None and not job.finished


def _order(data: bytes, name: str, plan: Plan) -> None:
    try:
        st.session_state["job"] = work.order(data, name, plan)
    except StudioError as error:
        st.error(str(error))
        return
    st.rerun()  # draws Restore as busy


def _show_job() -> None:
    """Draw what the job of this session is at."""
    job: Job[Result] | None = st.session_state.get("job")
    if job is None:
        return
    if not job.finished:
        progress.watch(job)
    elif job.state is State.DONE and job.result is not None:
        result.show(job.result)
    elif job.state is State.CANCELLED:
        st.info("Cancelled. The photograph was not changed.")
    elif isinstance(job.error, StudioError):
        st.error(str(job.error))
    elif job.error is not None:
        st.error("Something went wrong inside the studio. Please report it with the text below.")
        st.exception(job.error)
