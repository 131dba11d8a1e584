"""Simple and advanced settings, as widgets; ranges and help come from the stages' own options.

Every widget stands in the address of the page by its key, so that a set-up can be shared.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from models import catalog, own
from models.files import weights
from pipeline.errors import OptionError, StudioError
from pipeline.options import Choice, Line, Number, Rule, Switch, Text, rules
from pipeline.plan import FINEST, PRESETS, Plan, arrange, first_options, simple, stage
from pipeline.stage import Stage
from pipeline.stages import ON_REQUEST, STAGES
from studio.album import Picture
from ui import address
from ui.parts import ahead, model_files, suggestions
from ui.shop import visitor, workshop
from ui.words import explain, say, say_or, stage_name

MODES = ("simple", "advanced")
SCALES = (1.0, 2.0, 4.0)
DEFAULT_SCALE = 2.0


def choose(picture: Picture | None = None) -> Plan:
    """Draw the settings and return the plan that they mean.

    Parameters
    ----------
    picture : Picture, optional
        The photograph that the settings are for, with suggestions; all of an album by default.
    """
    address.recall("mode", MODES)
    mode = st.segmented_control(
        say("mode"),
        MODES,
        default=MODES[0],
        required=True,
        format_func=lambda name: say(f"mode.{name}"),
        key="mode",
        label_visibility="collapsed",
    )
    address.record("mode", mode, MODES[0])
    plan = _simple(picture) if mode == "simple" else _advanced()
    if picture is not None:
        ahead.tell(plan, picture)
    return plan


def restore(pictures: Sequence[Picture], plan: Plan, label: str) -> None:
    """Draw the button that submits the restoration of photographs, and the reason where that fails."""
    if st.button(label, type="primary", width="stretch", key="restore"):
        try:
            workshop().submit(visitor(), pictures, plan)
        except StudioError as error:
            st.error(explain(error))
            return
        st.rerun()


def _simple(picture: Picture | None) -> Plan:
    address.recall("scale", SCALES)
    scale = st.segmented_control(
        say("enlarge"),
        SCALES,
        default=DEFAULT_SCALE,
        required=True,
        format_func=lambda value: say(f"enlarge.{value:g}"),
        key="scale",
    )
    address.record("scale", scale, DEFAULT_SCALE)
    finest = scale > 1 and _wish("finest")
    offered = st.container()
    also = [name for name in ON_REQUEST if _wish(name)]
    if picture is not None:
        suggestions.show(picture, also)
    plan = simple(scale, also=also, finest=finest)
    for chosen in plan.stages:
        if chosen.method == FINEST:
            with offered:
                model_files.offer(chosen)
        elif chosen.on_request:
            model_files.offer(chosen)
    return plan


def _wish(name: str) -> bool:
    """Draw a switch that is off at first, such as that of a stage that runs on request; return whether it is on."""
    return bool(st.toggle(say(name), help=say(f"{name}.help"), key=name, bind="query-params"))


def _advanced() -> Plan:
    _presets()
    chosen = [made for kind in STAGES if (made := _card(kind)) is not None]
    if not chosen:
        st.warning(say("nothing-on"))
    st.caption(say("preset.share"))
    return arrange(chosen)


def _presets() -> None:
    """Draw the buttons that set all stages at once."""
    st.markdown(f"**{say('preset')}**")
    with st.container(horizontal=True, gap="small"):
        for name, plan in PRESETS.items():
            st.button(say(f"preset.{name}"), on_click=_apply, args=(plan,), key=f"preset.{name}")


def _apply(plan: Plan) -> None:
    """Set the widgets of all stages to what a plan says."""
    made = {chosen.name: chosen for chosen in plan.stages}
    for kind in STAGES:
        st.session_state[f"{kind.name}.on"] = kind.name in made
        values = asdict(made[kind.name]) if kind.name in made else first_options(kind)
        for name, rule in rules(kind).items():
            st.session_state[f"{kind.name}.{name}"] = float(values[name]) if isinstance(rule, Number) else values[name]


def _card(kind: type[Stage]) -> Stage | None:
    """Draw one stage's switch and options; None where it is off."""
    with st.container(border=True, key=f"card-{kind.name}"):
        label = stage_name(kind.name)
        is_on = st.toggle(f"**{label}**", _is_on_at_first(kind), key=f"{kind.name}.on", bind="query-params")
        st.caption(say_or(f"stage.{kind.name}.summary", kind.summary))
        if not is_on:
            return None
        start = first_options(kind)
        options = {
            name: _widget(kind.name, name, replace(rule, default=start[name])) for name, rule in rules(kind).items()
        }
        try:
            made = stage(kind.name, options)
        except OptionError as error:
            st.error(explain(error))
            return None
        model_files.offer(made)
        return made


def _is_on_at_first(kind: type[Stage]) -> bool:
    """Return whether simple mode runs a stage, with a network that needs no download."""
    made = next((each for each in simple().stages if each.name == kind.name), None)
    network = made.network() if made else None
    return made is not None and (network is None or network.bundled)


def _widget(stage_key: str, name: str, rule: Rule) -> Any:
    """Draw the widget of one option and return its value."""
    key = f"{stage_key}.{name}"
    label = say_or(f"option.{name}", name.replace("_", " ").capitalize())
    text = say_or(f"help.{key}", rule.help)
    match rule:
        case Number(default, low, high, step, _):
            digits = "%.3f" if step < 0.01 else "%.2f"
            span = float(low), float(high), float(default)
            return st.slider(label, *span, step, format=digits, key=key, help=text, bind="query-params")
        case Choice(default, choices, _):
            options = [*choices, *(own.files() if rule.open else ())]
            address.recall(key, options)
            chosen = st.selectbox(label, options, options.index(default), format_func=_naming(name), key=key, help=text)
            return address.record(key, chosen, default)
        case Switch(default, _):
            return st.toggle(label, default, key=key, help=text, bind="query-params")
        case Text(default, form=form):
            return st.text_input(label, default, key=key, help=text, placeholder=form, bind="query-params")
        case Line(default=default):
            return default


def _naming(option: str) -> Callable[[str], str]:
    """Return how to call the choices of an option: models by title and by where they are."""
    return _model_label if option == "model" else lambda choice: say_or(f"option.{choice}", choice.capitalize())


def _model_label(name: str) -> str:
    known = {spec.id: spec for spec in catalog.MODELS}
    if name not in known:
        return Path(name).name if own.is_file(name) else say_or(f"option.{name}", name.capitalize())
    spec = known[name]
    state = {
        "bundled": say("model.bundled"),
        "ready": say("model.ready"),
        "missing": say("model.full", size=f"{spec.size / 1e6:.0f} MB") if spec.size else say("model.full.unknown"),
    }[weights.status(spec)]
    return f"{spec.title} · {state}"
