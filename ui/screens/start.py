"""The first screen: a place to drop photographs, and examples to try."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pipeline.plan import simple
from studio.album import Album
from ui import address, owner
from ui.parts import pages
from ui.shop import visitor, workshop
from ui.words import say

EXAMPLES = Path(__file__).parents[2] / "examples"
GALLERY = {"astronaut": 2.0, "coffee": 4.0, "camera": 2.0}
"""Examples, and how much each is enlarged."""


def show() -> None:
    """Draw the first screen."""
    where = say("private") if owner.is_here() else say("private.hosted", hours=workshop().config.keep_hours)
    st.html(f'<div class="hero"><h2>{say("tagline")}</h2><p>{where}</p></div>')
    _drop()
    st.html(f'<h3 class="gallery-title">{say("gallery.title")}</h3>')
    with st.container(key="gallery"):
        for column, name in zip(st.columns(len(GALLERY)), GALLERY, strict=True):
            with column:
                label = say(f"example.{name}")
                st.image(_half(name), alt=say("gallery.half", name=label), width="stretch")
                if st.button(say("gallery.try", name=label), key=f"try.{name}", width="stretch"):
                    _try(name)


def _drop() -> None:
    """Draw the drop zone; what arrives becomes an album, and Streamlit's own copy is let go."""
    config = workshop().config
    with st.container(key="drop"):
        files = st.file_uploader(
            say("drop.label"),
            accept_multiple_files=True,
            max_upload_size=config.max_upload_megabytes,
            label_visibility="collapsed",
            key=f"drop.{st.session_state.get('drops', 0)}",
        )
    if files:
        taken = files[: config.max_pictures]
        if len(files) > len(taken):
            st.toast(say("drop.too-many", count=config.max_pictures))
        st.session_state["drops"] = st.session_state.get("drops", 0) + 1  # a new widget, so that the old files go
        try:
            album = workshop().create([(file.name, file.getvalue()) for file in taken])
        finally:
            _let_go(files)
        address.enter(album)


def _let_go(files: Sequence[UploadedFile]) -> None:
    """Delete uploads from memory, where Streamlit would keep them as long as the page is open."""
    session = get_script_run_ctx()
    if session is not None and isinstance(session.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            session.uploaded_file_mgr.remove_file(session.session_id, file.file_id)


def _try(name: str) -> None:
    """Restore an example with the settings of simple mode."""
    shop = workshop()
    album = shop.create([(f"{name}.jpg", (EXAMPLES / f"{name}_before.jpg").read_bytes())])
    shop.submit(visitor(), album.pictures, simple(GALLERY[name]))
    address.enter(album)


@st.cache_data(show_spinner=False)
def _half(name: str) -> np.ndarray:
    """Return an example, its left half before and its right half after."""
    with Image.open(EXAMPLES / f"{name}_after.jpg") as after, Image.open(EXAMPLES / f"{name}_before.jpg") as before:
        size = (600, round(600 * after.height / after.width))
        whole = np.asarray(after.convert("RGB").resize(size, Image.Resampling.LANCZOS)).copy()
        found = np.asarray(before.convert("RGB").resize(size, Image.Resampling.BICUBIC))
    middle = size[0] // 2
    whole[:, :middle] = found[:, :middle]
    whole[:, middle - 1 : middle + 2] = 255
    return whole


def preview(album: Album, number: int) -> None:
    """Draw a photograph as it came."""
    picture = album.pictures[number]
    alt = say("preview.alt", name=html.escape(picture.name, quote=True))
    st.html(f'<img class="preview" src="{pages.preview(album, number)}" alt="{alt}">')
