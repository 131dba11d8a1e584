"""A person's own presets: settings under a name, kept in the browser, and in files that the command line takes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from models import own
from pipeline.errors import OptionError, StudioError
from pipeline.finish import Finish
from pipeline.options import Choice, rules
from pipeline.plan import MOST_SETTINGS, Plan, from_json, to_json
from pipeline.stage import Stage
from ui.components import component
from ui.words import explain, say

_HERE = Path(__file__).parent
_LABELS = ("name", "save", "open", "file", "file.of", "delete", "none", "unkept")
_LATER = {"name": "{name}"}
"""What the browser fills in."""

_NOWHERE = 2.0, 2.0, 1.0, 1.0
"""A part of no photograph, which has no places."""

_KEY, _REFUSED, _LEFT = "presets", "presets.refused", "presets.left"
"""Places in the session: of the component, and of what came of the settings that were chosen last."""

_component = component(_HERE / "presets", _HERE.parent / "viewer" / "controls.css")


def show(plan: Plan, apply: Callable[[Plan], None]) -> None:
    """Draw a person's own presets, and what saves the settings as they are.

    Parameters
    ----------
    plan : Plan
        What the settings mean.
    apply : callable
        Takes the plan of a preset that was chosen, and sets all settings by it.
    """
    with st.expander(say("presets.title"), key="own-presets", icon=":material/bookmark:"):
        labels = {name: say(f"presets.{name}", **_LATER) for name in _LABELS}
        data = {"settings": to_json(_without_places(plan)), "longest": MOST_SETTINGS, "labels": labels}
        _component(data=data, key=_KEY, on_picked_change=lambda: _pick(apply))
        if refused := st.session_state.pop(_REFUSED, None):
            st.error(refused)
        if st.session_state.pop(_LEFT, False):
            st.caption(f":material/info: {say('presets.finish')}")


def _without_places(plan: Plan) -> Plan:
    """Return a plan without what names places on one photograph."""
    return replace(plan, stages=tuple(stage.on_part(_NOWHERE) for stage in plan.stages))


def _pick(apply: Callable[[Plan], None]) -> None:
    """Set all settings by those that the browser sent, unless they cannot be read."""
    text = st.session_state[_KEY].picked
    if not text:
        return
    try:
        plan = from_json(str(text)[:MOST_SETTINGS])
        for stage in plan.stages:
            _check_models(stage)
    except StudioError as error:
        st.session_state[_REFUSED] = explain(error)
        return
    st.session_state[_LEFT] = plan.finish != Finish() or bool(plan.strengths)
    apply(_without_places(plan))


def _check_models(stage: Stage) -> None:
    """Refuse a model that this page does not offer, such as a file of another computer."""
    for name, rule in rules(stage).items():
        value = getattr(stage, name)
        if isinstance(rule, Choice) and value not in (*rule.choices, *own.files()):
            named = f"{stage.name}.{name}, got {Path(value).name}"
            msg = f"Expected a model of this studio as {named}. Add it on the page Models, or choose other settings."
            raise OptionError(msg)
