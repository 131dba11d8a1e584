"""A restored photograph: before and after with the live finish, notices, the download, and what was done."""

import streamlit as st

from studio.album import Album, Restored
from ui.parts import download, model_files, report
from ui.viewer import viewer
from ui.words import plain, say, tell


def show(album: Album, number: int) -> None:
    """Draw a restored photograph of an album."""
    picture = album.pictures[number]
    done = picture.done
    (w0, h0), (w1, h1) = done.original_size, done.layers.size
    with st.container(key="result-title"):
        st.subheader(plain(picture.name), anchor=False)
        st.caption(say("result.sizes", w0=w0, h0=h0, w1=w1, h1=h1))
    viewer(album, number)
    _download(album, number)
    _notices(picture.done)
    report.show(album, number)


def _notices(done: Restored) -> None:
    """Draw what differs from the order, with the download of each model that was missing."""
    for notice in done.notices:
        st.info(tell(notice), icon=":material/info:")
    missing = {notice.stage for notice in done.notices if notice.code == "weights-missing"}
    for stage in done.plan.stages:
        if stage.name in missing:
            model_files.offer(stage)


@st.fragment
def _download(album: Album, number: int) -> None:
    """Draw the download; what is chosen there runs this alone."""
    download.picture(album, number)
