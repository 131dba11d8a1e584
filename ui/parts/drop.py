"""The place to drop photographs."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ui.shop import workshop
from ui.words import say


def show(key: str, room: int | None = None) -> list[tuple[str, bytes]]:
    """Draw a place to drop photographs and folders; return the name and the content of each that arrived.

    Streamlit's own copy is let go.

    Parameters
    ----------
    key : str
        Of the place.
    room : int, optional
        How many are taken; as many as an upload may hold by default.
    """
    config, round_ = workshop().config, f"{key}.round"
    most = config.max_pictures if room is None else room
    with st.container(key=key):
        files = st.file_uploader(
            say("drop.label"),
            accept_multiple_files=True,
            max_upload_size=config.max_upload_megabytes,
            label_visibility="collapsed",
            key=f"{key}.{st.session_state.get(round_, 0)}",
        )
    if not files:
        return []
    st.session_state[round_] = st.session_state.get(round_, 0) + 1  # a new widget, so that the old files go
    if len(files) > most:
        st.toast(say("drop.too-many", count=most))
    try:
        with st.spinner(say("drop.reading")):
            return [(file.name, file.getvalue()) for file in files[:most]]
    finally:
        _let_go(files)


def _let_go(files: Sequence[UploadedFile]) -> None:
    """Delete uploads from memory, where Streamlit would keep them as long as the page is open."""
    session = get_script_run_ctx()
    if session is not None and isinstance(session.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            session.uploaded_file_mgr.remove_file(session.session_id, file.file_id)
