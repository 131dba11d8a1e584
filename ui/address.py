"""The page's address: the album, the photograph and the settings in it, so that reloading finds them again."""

from collections.abc import Sequence
from typing import NoReturn, TypeVar

import streamlit as st

from studio.album import Album
from ui.shop import workshop
from ui.words import say

T = TypeVar("T")

ALBUM = "album"
PICTURE = "picture"
RESTARTED = "restarted"
"""Names in the address; the last one tells that the server, and with it the photographs, went away."""


def album() -> Album | None:
    """Return the album in the address, or the one that this session was at before it went to another page."""
    album_id = st.query_params.get(ALBUM) or st.session_state.get(ALBUM)
    if not album_id:
        return None
    found = workshop().album(album_id)
    if found is None:
        _forget()
        st.info(say("album.gone"))
        return None
    st.session_state[ALBUM] = album_id
    if st.query_params.get(ALBUM) != album_id:
        st.query_params[ALBUM] = album_id
    return found


def picture(album: Album) -> int | None:
    """Return the number of the photograph that is open; None where the list of several is."""
    if len(album.pictures) == 1:
        return 0
    text = st.query_params.get(PICTURE, "")
    return int(text) if text.isdecimal() and int(text) < len(album.pictures) else None


def enter(album: Album) -> NoReturn:
    """Go to an album."""
    st.query_params.pop(RESTARTED, None)
    st.session_state[ALBUM] = st.query_params[ALBUM] = album.id
    st.rerun()


def leave() -> NoReturn:
    """Go back to the first screen; the album stays where it is."""
    _forget()
    st.rerun()


def open_picture(number: int) -> NoReturn:
    """Open one photograph of an album."""
    st.query_params[PICTURE] = str(number)
    st.rerun(scope="app")


def close() -> None:
    """Go back to the list; for a button's `on_click`."""
    st.query_params.pop(PICTURE, None)


def recall(key: str, options: Sequence[T]) -> None:
    """Set a widget that chooses one of `options` to what the address says, when the widget is drawn for the first time.

    Streamlit's own binding writes a choice as people read it, so that the address would change with the language.
    """
    known = {str(option): option for option in options}
    if key not in st.session_state and st.query_params.get(key) in known:
        st.session_state[key] = known[st.query_params[key]]


def record(key: str, choice: T, default: T) -> T:
    """Write a choice into the address, unless it is the default; return it."""
    text = "" if choice == default else str(choice)
    if text != st.query_params.get(key, ""):
        st.query_params.pop(key, None)
        st.query_params.update({key: text} if text else {})
    return choice


def _forget() -> None:
    st.session_state.pop(ALBUM, None)
    for name in (ALBUM, PICTURE, RESTARTED):
        st.query_params.pop(name, None)
