"""Who may change the models of this studio: its owner, on the server's own machine or by the admin token."""

import hmac
import time
from collections.abc import Mapping

import streamlit as st

from pipeline.errors import NotOwner
from studio import local
from ui.shop import workshop
from ui.words import say

_IS_OWNER, _FIELD, _WRONG = "is-owner", "admin-token", "admin-token-wrong"
_WRONG_S = 1.0
"""Seconds that a wrong token takes."""


def is_owner() -> bool:
    """Return whether this session is the owner's."""
    if workshop().config.admin_token:
        return st.session_state.get(_IS_OWNER) is True
    return is_here()


def is_here() -> bool:
    """Return whether this page was opened on the server's own machine; see `is_local`."""
    return is_local(st.context.ip_address, st.context.headers)


def require() -> None:
    """Do nothing for the owner; whatever changes models calls this first, for a request can be forged.

    Raises
    ------
    NotOwner
        If this session is not the owner's.
    """
    if not is_owner():
        msg = "Expected the owner of this studio, who opens it on its own machine or gives the admin token."
        raise NotOwner(msg)


def ask() -> None:
    """Draw the explanation for visitors, and the field for the admin token where there is one."""
    if is_owner():
        return
    st.info(say("owner.decides"), icon=":material/lock:")
    if workshop().config.admin_token:
        st.text_input(say("owner.token"), type="password", key=_FIELD, on_change=_try, width=360)
        if st.session_state.pop(_WRONG, False):
            st.error(say("owner.wrong"))


def _try() -> None:
    """Compare the token that was given, and forget it."""
    given, st.session_state[_FIELD] = str(st.session_state[_FIELD]), ""
    if hmac.compare_digest(given.encode(), workshop().config.admin_token.encode()):
        st.session_state[_IS_OWNER] = True
    elif given:
        time.sleep(_WRONG_S)
        st.session_state[_WRONG] = True


def is_local(address: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether a page was opened on the server's own machine, by a name of that machine and through no proxy.

    Parameters
    ----------
    address : str or None
        Where the connection comes from; None stands for 127.0.0.1 and ::1, as in Streamlit.
    headers : mapping
        Of the request that opened the connection. Browsers state there which page opened it, and by which name, so
        that a name of another site which leads here does not count.
    """
    is_direct = local.is_direct("127.0.0.1" if address is None else address, headers)
    return is_direct and local.is_loopback(local.host_of(headers.get("Origin", "")))
