"""Suggestions: which stages a photograph needs, and why."""

from collections.abc import Mapping

import streamlit as st

from studio.picture import Picture, Suggestion
from ui.parts.polling import draw_again_once, pause
from ui.shop import visitor, workshop
from ui.words import say, sentences
from ui.words import tell as tell_notice

_EVERY = 0.7
"""Seconds between two looks at a photograph that is being examined."""


def known(picture: Picture | None) -> Mapping[str, Suggestion]:
    """Return the suggestions for a photograph; none for a list of several, or while they are not known."""
    return {} if picture is None else workshop().examine(visitor(), picture) or {}


def tell(suggested: Suggestion, label: str, *, follows: bool = False) -> None:
    """Draw why a stage is suggested.

    Parameters
    ----------
    suggested : Suggestion
    label : str
        What the page calls the stage here.
    follows : bool
        Whether the page has switched it on for that.
    """
    reason = tell_notice(suggested.reason, label)
    if follows:
        st.caption(f":material/check: {sentences(reason, say('suggestions.follows'))}")
    else:
        st.caption(f":material/lightbulb: {reason}")


def wait(picture: Picture) -> None:
    """Draw that a photograph is being examined, and the page again once that is done."""

    def is_known() -> bool:
        return workshop().examine(visitor(), picture) is not None

    if not is_known():
        draw_again_once(is_known, pause(picture.examination, _EVERY), say("suggestions.looking"))
