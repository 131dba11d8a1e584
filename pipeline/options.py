"""Options of stages: each range is declared once; the check, the command line and the sliders use it."""

import re
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from reprlib import Repr
from typing import Any, ClassVar, Protocol

from models import catalog
from pipeline.errors import OptionError

_LONGEST = 80
"""Characters of a value in a message."""

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = _LONGEST

MODELS = frozenset(spec.id for spec in catalog.MODELS)


class Dataclass(Protocol):
    """Any instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True)
class Number:
    """A number within ``[low, high]``."""

    default: float
    low: float
    high: float
    step: float
    """Whole where the number is."""

    help: str


@dataclass(frozen=True)
class Choice:
    """One of ``choices``; where ``open``, also another model of the catalog or a path."""

    default: str
    choices: tuple[str, ...]
    help: str
    open: bool = False


@dataclass(frozen=True)
class Switch:
    """On or off."""

    default: bool
    help: str


@dataclass(frozen=True)
class Text:
    """A text that matches a regular expression."""

    default: str
    pattern: str
    form: str
    """The form in words, such as ``"X,Y,#RRGGBB"``."""

    help: str


@dataclass(frozen=True)
class Line:
    """A line of free text, or nothing; only on the command line."""

    metavar: str
    help: str
    default: str = ""


Rule = Number | Choice | Switch | Text | Line


def number(default: float, *, low: float, high: float, step: float, help: str) -> Any:
    """Declare a dataclass field that holds a number between `low` and `high`."""
    return field(default=default, metadata={"rule": Number(default, low, high, step, help)})


def choice(default: str, choices: Sequence[str], *, help: str, open: bool = False) -> Any:
    """Declare a dataclass field that holds one of `choices`."""
    return field(default=default, metadata={"rule": Choice(default, tuple(choices), help, open)})


def switch(default: bool, *, help: str) -> Any:
    """Declare a dataclass field that is on or off."""
    return field(default=default, metadata={"rule": Switch(default, help)})


def text(default: str, pattern: str, *, form: str, help: str) -> Any:
    """Declare a dataclass field that holds a text which matches `pattern`."""
    return field(default=default, metadata={"rule": Text(default, pattern, form, help)})


def line(metavar: str, *, help: str) -> Any:
    """Declare a dataclass field that holds a line of free text, or is empty."""
    return field(default="", metadata={"rule": Line(metavar, help)})


def rules(options: Dataclass | type[Dataclass]) -> dict[str, Rule]:
    """Return the rules of a dataclass's options by name."""
    return {f.name: f.metadata["rule"] for f in fields(options) if "rule" in f.metadata}


def check(options: Dataclass) -> None:
    """Refuse an option that breaks its rule.

    Raises
    ------
    OptionError
        With the option's name, what it accepts and what came.
    """
    for name, rule in rules(options).items():
        expected = _breach(rule, getattr(options, name))
        if expected:
            value = getattr(options, name)
            msg = f"{type(options).__name__}.{name} must be {expected}, not {shown(value)}."
            raise OptionError(msg)


def _breach(rule: Rule, value: object) -> str:
    """Return what `rule` expects where `value` breaks it, else an empty text."""
    match rule:
        case Number(low=low, high=high):
            kinds = int if isinstance(rule.step, int) else int | float
            good = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
            return "" if good else f"a {'whole ' if kinds is int else ''}number from {low:g} to {high:g}"
        case Choice(choices=choices, open=is_open):
            good = value in choices or (is_open and isinstance(value, str) and (_is_path(value) or value in MODELS))
            return "" if good else "one of " + ", ".join(choices) + (", or the path of a file" if is_open else "")
        case Switch():
            return "" if isinstance(value, bool) else "true or false"
        case Line():
            return "" if isinstance(value, str) and value.isprintable() else "a line of text"
        case Text(pattern=pattern, form=form):
            return "" if isinstance(value, str) and re.fullmatch(pattern, value) else form


def shown(value: object) -> str:
    """Return a value for a message, in one line and not too long."""
    return clipped(_SHORT.repr(value))


def clipped(text: str) -> str:
    """Return a text for a message, not too long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def is_file(rule: Rule, value: Any) -> bool:
    """Say whether an option's value is the path of a file."""
    return isinstance(rule, Choice) and rule.open and value not in rule.choices and _is_path(value)


def _is_path(text: str) -> bool:
    """Say whether a text looks like a path rather than a mistyped name."""
    return "\0" not in text and ("/" in text or "\\" in text or Path(text).suffix != "")
