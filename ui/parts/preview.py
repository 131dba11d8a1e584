"""A photograph at screen size, as it came."""

import html

import streamlit as st

from studio.album import Album
from ui.words import say


def show(album: Album, number: int) -> None:
    """Draw a photograph of an album."""
    picture = album.numbered[number]
    alt = say("preview.alt", name=html.escape(picture.name, quote=True))
    st.html(f'<img class="preview" src="{address(album, number)}" alt="{alt}">')


def address(album: Album, number: int) -> str:
    """Return the address of a photograph's preview; each page of a file has its own, as browsers keep it."""
    page = album.numbered[number].page
    return f"studio/{album.id}/{number}/preview" + ("" if page is None else f"?page={page}")
