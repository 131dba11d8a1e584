"""Simple and advanced settings, as widgets; ranges and help come from the stages' own options.

Every widget stands in the address of the page by its key, so that a set-up can be shared and outlives a reload.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from models import catalog, own
from models.files import weights
from pipeline.errors import OptionError
from pipeline.options import Choice, Line, Number, Rule, Switch, Text, rules
from pipeline.plan import FINEST, PRESETS, Plan, arrange, first_options, simple, stage
from pipeline.stage import Stage
from pipeline.stages import ON_REQUEST, STAGES
from studio.picture import Picture, Suggestion
from ui import address, presets
from ui.parts import ahead, colour_hints, face_strengths, model_files, suggestions
from ui.words import explain, megabytes, say, say_or, stage_name

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
    mode = address.setting("mode", address.one_of(MODES), MODES[0])
    st.segmented_control(
        say("mode"),
        MODES,
        required=True,
        format_func=lambda name: say(f"mode.{name}"),
        key="mode",
        label_visibility="collapsed",
        on_change=_change_mode,
    )
    warning = st.container()  # in sight, wherever Restore is
    plan = _simple(picture) if mode == "simple" else _advanced(picture)
    if picture is not None:
        with warning:
            ahead.warn(plan, picture)
    return plan


def _change_mode() -> None:
    """Take what was chosen in one mode to the other."""
    address.keep("mode", MODES[0])
    if st.session_state["mode"] == "advanced":
        address.record("upscale.scale", st.session_state["scale"], DEFAULT_SCALE)
        for name in ON_REQUEST:
            address.record(f"{name}.on", st.session_state[name], default=False)
        return
    scale = address.asked("upscale.scale", float)
    address.record("scale", scale if scale in SCALES else DEFAULT_SCALE, DEFAULT_SCALE)
    for name in ON_REQUEST:
        is_on = address.asked(f"{name}.on", address.switch)
        if is_on is not None or address.asked(name, address.switch):
            address.record(name, bool(is_on), None)


def _simple(picture: Picture | None) -> Plan:
    scale = address.setting("scale", address.one_of(SCALES), DEFAULT_SCALE)
    st.segmented_control(
        say("enlarge"),
        SCALES,
        required=True,
        format_func=lambda value: say(f"enlarge.{value:g}"),
        key="scale",
        on_change=address.keep,
        args=("scale", DEFAULT_SCALE),
        width="stretch",
    )
    below = st.container(key="sizes")
    finest = scale > 1 and _wish("finest")
    offered = st.container()
    if picture is None:
        _wish("each", at_first=True)
    known = suggestions.known(picture)
    also = [name for name in ON_REQUEST if _wish(name, at_first=name in known and known[name].sure)]
    told, missing = st.container(), st.container()  # what comes and goes in them moves nothing below
    if picture is not None:
        with told:
            _reasons(known, also)
            suggestions.wait(picture)
    plan = simple(scale, also=also, finest=finest)
    if picture is not None:
        plan = colour_hints.chosen(face_strengths.chosen(plan))
        with below:
            ahead.choices((simple(each, also=also, finest=finest) for each in SCALES), picture)
    for chosen in plan.stages:
        if chosen.method == FINEST:
            with offered:
                model_files.offer(chosen)
        elif chosen.on_request:
            with missing:
                model_files.offer(chosen)
    presets.show(plan, _set)
    return plan


def _reasons(known: Mapping[str, Suggestion], also: Collection[str]) -> None:
    """Draw why stages are suggested, below all switches: these stay where they are under a person's finger."""
    for name, suggested in known.items():
        is_decided = address.asked(name, address.switch) is not None
        if not (name in also and is_decided):
            suggestions.tell(suggested, say(name), follows=name in also)


def _wish(name: str, *, at_first: bool = False) -> bool:
    """Draw a switch and return whether it is on; the address holds what a person decided."""
    address.setting(name, address.switch, at_first)
    return st.toggle(say(name), help=say(f"{name}.help"), key=name, on_change=address.keep, args=(name, None))


def _advanced(picture: Picture | None) -> Plan:
    place = st.container()
    known = suggestions.known(picture)
    chosen = [made for kind in STAGES if (made := _card(kind, known.get(kind.name))) is not None]
    if picture is not None:
        suggestions.wait(picture)
    if not chosen:
        st.warning(say("nothing-on"))
    st.caption(say("preset.share"))
    plan = arrange(chosen)
    with place:
        _presets(plan)
    if picture is not None:
        ahead.tell(plan, picture)
    return plan


def _presets(chosen: Plan) -> None:
    """Draw the buttons that set all stages at once; the one whose stages are chosen is marked."""
    st.markdown(f"**{say('preset')}**")
    with st.container(horizontal=True, gap="small"):
        for name, plan in PRESETS.items():
            mark = ":material/check:" if plan.stages == chosen.stages else None
            st.button(say(f"preset.{name}"), on_click=_apply, args=(plan,), key=f"preset.{name}", icon=mark)
    presets.show(chosen, _set)


def _set(plan: Plan) -> None:
    """Write a plan into the address: in simple mode where that can mean it, else in advanced mode."""
    names = {stage.name for stage in plan.stages}
    also = [name for name in ON_REQUEST if name in names]
    finest = any(stage.method == FINEST for stage in plan.stages)
    is_simple = plan.enlarges in SCALES and plan.stages == simple(plan.enlarges, also=also, finest=finest).stages
    address.record("mode", MODES[0] if is_simple else MODES[1], MODES[0])
    if not is_simple:
        _apply(plan)
        return
    address.record("scale", plan.enlarges, DEFAULT_SCALE)
    address.record("finest", finest, default=False)
    for name in ON_REQUEST:
        address.record(name, name in also, None)


def _apply(plan: Plan) -> None:
    """Write all stages of a plan into the address, where their widgets find them."""
    made = {chosen.name: chosen for chosen in plan.stages}
    for kind in STAGES:
        address.record(f"{kind.name}.on", kind.name in made, _is_on_at_first(kind))
        first = first_options(kind)
        values = asdict(made[kind.name]) if kind.name in made else first
        for name in rules(kind):
            address.record(f"{kind.name}.{name}", values[name], first[name])


def _card(kind: type[Stage], suggested: Suggestion | None) -> Stage | None:
    """Draw one stage's switch and options, and why it is suggested; None where it is off."""
    with st.container(border=True, key=f"card-{kind.name}"):
        label = stage_name(kind.name)
        is_on = _switch(f"{kind.name}.on", f"**{label}**", at_first=_is_on_at_first(kind))
        st.caption(say_or(f"stage.{kind.name}.summary", kind.summary))
        if not is_on:
            if suggested is not None:
                suggestions.tell(suggested, label)
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


def _switch(key: str, label: str, *, at_first: bool, help: str | None = None) -> bool:
    address.setting(key, address.switch, at_first)
    return st.toggle(label, key=key, help=help, on_change=address.keep, args=(key, at_first))


def _widget(stage_key: str, name: str, rule: Rule) -> Any:
    """Draw the widget of one option and return its value."""
    key = f"{stage_key}.{name}"
    label = say_or(f"option.{name}", name.replace("_", " ").capitalize())
    text = say_or(f"help.{key}", rule.help)
    keep, kept = address.keep, (key, rule.default)
    match rule:
        case Number(default, low, high, step, _):
            digits = "%.3f" if step < 0.01 else "%.2f"
            span = float(low), float(high)
            address.setting(key, address.within(*span), float(default))
            return st.slider(label, *span, step=step, format=digits, key=key, help=text, on_change=keep, args=kept)
        case Choice(default, choices, _):
            options = [*choices, *(own.files() if rule.open else ())]
            address.setting(key, address.one_of(options), default)
            called = _naming(name)
            return st.selectbox(label, options, format_func=called, key=key, help=text, on_change=keep, args=kept)
        case Switch(default, _):
            return _switch(key, label, at_first=default, help=text)
        case Text(default, form=form):
            address.setting(key, str, default)
            shape = say_or(f"form.{key}", form)
            return st.text_input(label, key=key, help=text, placeholder=shape, on_change=keep, args=kept)
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
        "missing": say("model.full", size=megabytes(spec.size)) if spec.size else say("model.full.unknown"),
    }[weights.status(spec)]
    return f"{say_or(f'title.{name}', spec.title)} · {state}"
