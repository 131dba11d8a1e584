"""Simple and advanced settings, as widgets; ranges and help come from the stages' own options."""

from typing import Any

import streamlit as st

from pipeline.options import Choice, Number, Rule, Switch, Text, rules
from pipeline.plan import Plan, arrange, simple, stage
from pipeline.stages import ORDER, Colorize, Deblur, Stage

_SCALES = {"Keep the size": 1.0, "×2": 2.0, "×4": 4.0}
_OFF_AT_FIRST = (Deblur, Colorize)  # their models are to be downloaded first


def choose() -> Plan:
    """Draw the settings and return the plan that they mean."""
    mode = st.segmented_control("Mode", ["Simple", "Advanced"], default="Simple", required=True)
    return _simple() if mode == "Simple" else _advanced()


def _simple() -> Plan:
    scale = st.segmented_control("Enlarge", list(_SCALES), default="×2", required=True)
    colorize = st.toggle("Colorize", help="Guess the colours of a black-and-white photograph")
    return simple(_SCALES[scale], colorize=colorize)


def _advanced() -> Plan:
    chosen = []
    for kind in ORDER:
        with st.expander(f"{kind.name.capitalize()}: {kind.summary}"):
            made = _stage(kind)
            if made is not None:
                chosen.append(made)
    if not chosen:
        st.warning("No stage is on: the photograph will come back as it is.")
    return arrange(chosen)


def _stage(kind: type[Stage]) -> Stage | None:
    """Draw one stage's switch and options; None where it is off."""
    is_on = st.toggle("On", value=kind not in _OFF_AT_FIRST, key=f"{kind.name}.on")
    options = {
        name: _widget(f"{kind.name}.{name}", name, rule, disabled=not is_on) for name, rule in rules(kind).items()
    }
    return stage(kind.name, options) if is_on else None


def _widget(key: str, name: str, rule: Rule, *, disabled: bool) -> Any:
    """Draw the widget of one option and return its value."""
    label = name.capitalize()
    match rule:
        case Number(default, low, high, step, text):
            return st.slider(
                label, float(low), float(high), float(default), step, key=key, help=text, disabled=disabled
            )
        case Choice(default, choices, text):
            index = choices.index(default)
            return st.selectbox(label, choices, index, key=key, help=text, disabled=disabled)
        case Switch(default, text):
            return st.toggle(label, default, key=key, help=text, disabled=disabled)
        case Text(default, form=form, help=text):
            return st.text_input(label, default, key=key, help=text, placeholder=form, disabled=disabled)
