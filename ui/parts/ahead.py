"""The size and the time of a restoration, before it begins."""

from collections.abc import Iterable, Sequence

import streamlit as st

from pipeline.plan import Plan
from studio import sizes
from studio.picture import Picture
from ui import address
from ui.parts.polling import draw_again_once
from ui.shop import workshop
from ui.words import plain, say, say_time, sentences

_EVERY = 2.0
"""Seconds between two looks at the sizes of a list."""

FULL = "full"
"""Key of the switch for work at full size."""


def is_full() -> bool:
    """Return whether a person asked for work at full size."""
    return address.asked(FULL, address.switch) is True


def tell(plan: Plan, picture: Picture) -> None:
    """Draw the size of the result and the time it takes; nothing of a photograph that nobody has looked at."""
    if picture.size != (0, 0):
        size, time = _size(plan, picture), _time(plan, picture)
        st.caption(sentences(say("ahead.size", w=size[0], h=size[1]), say_time("ahead.time", time) if time else ""))


def choices(plans: Iterable[Plan], picture: Picture) -> None:
    """Draw the size and the time of several plans side by side, under the buttons that choose one."""
    if picture.size == (0, 0):
        return
    every = list(plans)
    for column, plan in zip(st.columns(len(every), gap=None), every, strict=True):
        (width, height), time = _size(plan, picture), _time(plan, picture)
        parts = [f"{width} × {height}", *([say_time("ahead.short", time)] if time else [])]
        text = " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)
        column.caption(text, text_alignment="center")


def warn(plan: Plan, picture: Picture) -> None:
    """Draw that the studio works on fewer pixels than a photograph has, and the switch for its full size."""
    seen = picture.preview.result if picture.preview else None
    if seen is None or picture.size in ((0, 0), seen.size):
        return
    width, height = _size(plan, picture)
    (w0, h0), (w1, h1) = seen.size, sizes.working(workshop().config, picture, plan, is_full=is_full())
    if (w1, h1) != (w0, h0):
        code = "ahead.smaller" if width < w0 else "ahead.reduced"
        text = say(code, w=width, h=height, w0=w0, h0=h0, w1=w1, h1=h1)
        st.warning(text, icon=":material/photo_size_select_large:")
    _offer_full(plan)


def warn_list(plan: Plan, pictures: Sequence[Picture]) -> None:
    """Draw that photographs of a list come out smaller than they are, by an example, and the switch for full size.

    Sizes are known once the browser has asked for previews; the page is drawn again for the first that is smaller.
    """

    def example() -> Picture | None:
        return next((picture for picture in pictures if _shrinks(plan, picture)), None)

    found = example()
    if found is not None and found.preview is not None and found.preview.result is not None:
        (w0, h0), (w, h) = found.preview.result.size, _size(plan, found)
        text = say("ahead.list-smaller", name=plain(found.name), w=w, h=h, w0=w0, h0=h0)
        st.warning(text, icon=":material/photo_size_select_large:")
    elif any(picture.size == (0, 0) for picture in pictures):
        draw_again_once(lambda: example() is not None, _EVERY)
    if found is not None or is_full():
        _offer_full(plan)


def _shrinks(plan: Plan, picture: Picture) -> bool:
    """Return whether a result is known to be smaller than its photograph."""
    seen = picture.preview.result if picture.preview else None
    return seen is not None and picture.size != (0, 0) and _size(plan, picture)[0] < seen.size[0]


def _offer_full(plan: Plan) -> None:
    config = workshop().config
    if sizes.cap(config, plan, is_full=True) > config.max_pixels:
        address.setting(FULL, address.switch, default=False)
        st.toggle(say("full"), help=say("full.help"), key=FULL, on_change=address.keep, args=(FULL, False))


def _size(plan: Plan, picture: Picture) -> tuple[int, int]:
    seen = sizes.working(workshop().config, picture, plan, is_full=is_full())
    width, height = (max(round(side * plan.enlarges), 1) for side in seen)
    return width, height


def _time(plan: Plan, picture: Picture) -> float | None:
    return workshop().expected_time(plan, picture, is_full=is_full())
