"""The page of a file that has several, such as a TIFF of scans."""

import streamlit as st

from pipeline.errors import OptionError
from studio.album import Album
from ui import address
from ui.words import explain, say


def choose(album: Album, number: int) -> None:
    """Draw the number of the page where a photograph's file has several; another one is another photograph."""
    job = album.numbered[number].preview
    seen = job.result if job is not None and job.finished else None
    if seen is None or seen.pages == 1:
        return
    text = say("page.help", count=seen.pages)
    key = f"page.{album.id}.{number}.{seen.page}"  # another tab may have chosen another page
    page = st.number_input(say("page", pages=seen.pages), 1, seen.pages, seen.page, key=key, help=text)
    if page == seen.page:
        return
    try:
        album.turn_to(number, page)
        address.forget_places()
    except OptionError as error:
        st.error(explain(error))
        return
    st.rerun()
