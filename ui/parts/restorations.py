"""Submit restorations: the button, and the settings of each photograph."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import streamlit as st

from pipeline.errors import StudioError
from pipeline.plan import Plan
from pipeline.stages import ON_REQUEST
from studio.picture import Own, Picture
from ui import address
from ui.parts import ahead, model_files
from ui.shop import visitor, workshop
from ui.words import explain


def button(pictures: Sequence[Picture], plan: Plan, label: str, key: str = "restore") -> None:
    """Draw the button that submits the restoration of photographs, and the reason where that fails.

    A photograph with settings of its own is restored with these. A list and a photograph give the button different
    keys: what is pressed on a page that shows a photograph which is gone must not restore the list.
    """
    is_possible = not any(model_files.missing(chosen) for chosen in plan.stages if chosen.name not in plan.optional)
    if st.button(label, type="primary", width="stretch", key=key, disabled=not is_possible):
        submit_all(pictures, plan)


def submit_all(pictures: Sequence[Picture], plan: Plan) -> None:
    """Submit the restoration of photographs, each with its own settings where it has some."""
    follow, is_full = undecided(), _is_full()
    _submit(
        (list(group), own or Own(plan, tuple(follow), is_full, {}))
        for own, group in groupby(pictures, key=lambda picture: picture.own)
    )


def submit(picture: Picture, plan: Plan) -> None:
    """Submit the restoration of a photograph with a plan."""
    _submit([([picture], Own(plan, (), _is_full(), {}))])


def _is_full() -> bool:
    """Return whether work is at full size, by the switch where it is drawn."""
    return bool(st.session_state.get(ahead.FULL))


def _submit(restorations: Iterable[tuple[Sequence[Picture], Own]]) -> None:
    try:
        for pictures, own in restorations:
            workshop().submit(visitor(), pictures, own.plan, own.follow, is_full=own.is_full)
    except StudioError as error:
        st.error(explain(error))
        return
    st.rerun()


def undecided() -> list[str]:
    """Return the stages that simple mode runs where they are surely needed: those that nobody switched on or off."""
    if st.session_state["mode"] != "simple" or not st.session_state.get("each", True):
        return []
    return [name for name in ON_REQUEST if address.asked(name, address.switch) is None]
