"""Colour hints, which simple mode has no widget for: the editor on the photograph writes them into the address."""

from dataclasses import asdict, replace

from pipeline.plan import Plan
from pipeline.plan import stage as make
from pipeline.stage import Stage
from pipeline.stages import Colorize
from ui import address

_HINTS = "hints"
"""The option of the stage."""

KEY = f"{Colorize.name}.{_HINTS}"
"""Name in the address."""


def chosen(plan: Plan) -> Plan:
    """Return the plan of simple mode with the hints in the address."""
    hints = address.asked(KEY, read)
    if not hints:
        return plan
    stages = (replace(each, **{_HINTS: hints}) if each.name == Colorize.name else each for each in plan.stages)
    return replace(plan, stages=tuple(stages))


def read(text: str) -> str:
    """Return hints that were written as text.

    Raises
    ------
    OptionError
        If they are of another form.
    """
    return of(make(Colorize.name, {_HINTS: text}))


def of(stage: Stage) -> str:
    """Return the hints of Colorize."""
    return str(asdict(stage)[_HINTS])
