"""The one workshop of this server, for every page."""

from functools import cache

from pipeline import config
from studio.workshop import Workshop


@cache
def workshop() -> Workshop:
    """Return the workshop; the first call, when the server starts, opens it.

    It is not in Streamlit's cache, which can be cleared: pages would get another workshop than routes have.
    """
    return Workshop(config.load())
