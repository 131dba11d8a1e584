"""What a restoration will bring, told before it begins: its size and its time."""

import math

import streamlit as st

from pipeline.plan import Plan
from studio.album import Picture
from ui.shop import workshop
from ui.words import say, say_time


def tell(plan: Plan, picture: Picture) -> None:
    """Draw the size of the result and the time it takes; first, where it will be smaller than the photograph.

    Nothing is drawn of a photograph that nobody has looked at.
    """
    seen = picture.preview.result if picture.preview else None
    if seen is None or picture.size == (0, 0):
        return
    enlarges = math.prod(stage.enlarges for stage in plan.stages)
    width, height = (max(round(side * enlarges), 1) for side in picture.size)
    sizes = {"w0": seen.size[0], "h0": seen.size[1], "w1": picture.size[0], "h1": picture.size[1]}
    if picture.size != seen.size:
        code = "ahead.smaller" if width < seen.size[0] else "ahead.reduced"
        st.warning(say(code, w=width, h=height, **sizes), icon=":material/photo_size_select_large:")
    seconds = workshop().expected_time(plan, picture)
    time = "" if seconds is None else f" {say_time('ahead.time', seconds)}"
    st.caption(say("ahead.size", w=width, h=height) + time)
