"""How often a page looks whether a job is done."""

from collections.abc import Callable
from itertools import count
from typing import Any

import streamlit as st

from studio.jobs import Job
from ui import address
from ui.shop import workshop

_LONGEST_S = 5.0


def pause(job: Job[Any] | None, shortest: float) -> float:
    """Return the seconds between two looks: more while jobs of others come first, so that many pages may wait.

    Parameters
    ----------
    job : Job or None
        None where the queue was full.
    shortest : float
        Seconds, where no other job comes first.
    """
    if job is None:
        return _LONGEST_S
    return min(shortest * (1 + workshop().ahead(job) / 2), _LONGEST_S)


def draw_again_once(ready: Callable[[], bool], every: float, text: str = "") -> None:
    """Draw the page again once something is ready, and a text until then.

    The run that draws this is never broken off: that would lose the press of a button that comes after it.

    Parameters
    ----------
    ready : callable
    every : float
        Seconds between two looks.
    text : str
    """
    looks = count()

    @st.fragment(run_every=every)
    def look() -> None:
        if text:
            st.caption(text)
        if next(looks) and ready():
            address.draw_again()

    look()
