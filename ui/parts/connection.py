"""What a page says while the server does not answer, and after it was restarted."""

from pathlib import Path

import streamlit as st

from ui import address
from ui.components import component
from ui.shop import workshop
from ui.words import language, say

_watch = component(Path(__file__).parent / "connection")


def watch() -> None:
    """Draw a warning while the server does not answer; the page is opened anew once another one does.

    It also names the language of the page to the browser, which hyphenates, chooses fonts and reads aloud by it.
    """
    _watch(
        data={
            "server": workshop().id,
            "lost": say("connection.lost"),
            "album": address.ALBUM in st.query_params,
            "language": language(),
        },
        key="connection",
    )


def tell() -> None:
    """Draw that the server was restarted, where the page was opened anew for that."""
    if address.RESTARTED in st.query_params:
        st.info(say("connection.restarted"), icon=":material/restart_alt:")
