"""The one workshop of this server, for every page."""

from functools import cache

from pipeline import config
from studio.workshop import Workshop


@cache
def workshop() -> Workshop:
    """Return the workshop; the first call, when the server starts, opens it.

    Streamlit's own cache would do the same, but a visitor can clear it from the keyboard.
    """
    return Workshop(config.load())
