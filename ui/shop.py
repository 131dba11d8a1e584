"""The one workshop of this server, for every page, and who uses the page."""

from functools import cache

import streamlit as st

from pipeline import config
from studio.visitors import COOKIE
from studio.workshop import Workshop


@cache
def workshop() -> Workshop:
    """Return the workshop; the first call, when the server starts, opens it.

    It is not in Streamlit's cache, which can be cleared: pages would get another workshop than routes have.
    """
    return Workshop(config.load())


def visitor() -> str:
    """Return who uses this page, by the name that `Visitors.name` gives."""
    return workshop().visitors.name(str(st.context.cookies.get(COOKIE, "")), str(st.context.ip_address or ""))
