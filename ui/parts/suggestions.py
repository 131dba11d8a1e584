"""Suggestions: which stages a photograph needs that are not chosen yet, and why."""

from collections.abc import Collection

import streamlit as st

from studio.album import Picture
from ui.parts.polling import pause
from ui.shop import visitor, workshop
from ui.words import say, tell

_EVERY = 0.7
"""Seconds between two looks at a photograph that is being examined."""


def show(picture: Picture, chosen: Collection[str]) -> None:
    """Draw why stages are suggested for a photograph, as soon as that is known.

    Parameters
    ----------
    picture : Picture
    chosen : collection of str
        Names of stages that are on already.
    """
    with st.container(key="suggestions"):
        known = workshop().examine(visitor(), picture)
        if known is None:
            st.fragment(_await, run_every=pause(picture.examination, _EVERY))(picture)
            return
        for name, notice in known.items():
            if name not in chosen:
                st.caption(f":material/lightbulb: {tell(notice, say(name))}")


def _await(picture: Picture) -> None:
    """Draw the page again once the photograph is examined."""
    if workshop().examine(visitor(), picture) is not None:
        st.rerun(scope="app")
    st.caption(say("suggestions.looking"))
