"""Whether settings are for all photographs of a list, or for one alone."""

import streamlit as st

from pipeline.plan import Plan
from studio.album import Album
from studio.picture import Own
from ui import address
from ui.parts import ahead, restorations, settings
from ui.words import say


def choose(album: Album, number: int) -> Plan:
    """Draw the settings for a photograph of an album, and whether they are for it alone; return the plan they mean."""
    is_one_of_several = len(album.numbered) > 1
    if is_one_of_several:
        _draw(album)
    plan = settings.choose(album.numbered[number])
    is_own = is_one_of_several and address.is_for_one()
    own = Own(plan, tuple(restorations.undecided()), ahead.is_full(), address.settings())
    album.numbered[number].own = own if is_own else None
    return plan


def _draw(album: Album) -> None:
    address.setting(address.FOR, address.one_of((address.ALL, address.ONE)), address.ALL)
    st.segmented_control(
        say("scope"),
        (address.ALL, address.ONE),
        required=True,
        format_func=lambda name: say(f"scope.{name}"),
        key=address.FOR,
        on_change=_change,
        args=(album,),
        width="stretch",
    )
    if address.is_for_one():
        st.button(say("scope.reset"), on_click=address.reset, args=(album,), key="scope.reset", icon=":material/undo:")


def _change(album: Album) -> None:
    if st.session_state[address.FOR] == address.ONE:
        address.narrow(album)
    else:
        address.widen()
