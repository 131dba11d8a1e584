"""Strengths of faces that simple mode has no widget for: the list of faces writes them into the address."""

from dataclasses import replace
from typing import Any

from pipeline.plan import Plan
from pipeline.plan import stage as make
from pipeline.stages import Faces
from ui import address

STRENGTH, STRENGTHS = "strength", "strengths"
"""Options of the stage that the list sets."""


def address_of(option: str) -> str:
    """Return the name of an option in the address."""
    return f"{Faces.name}.{option}"


def chosen(plan: Plan) -> Plan:
    """Return the plan of simple mode with the strengths of faces that the list has written into the address."""
    given = {name: address.asked(address_of(name), _reader(name)) for name in (STRENGTH, STRENGTHS)}
    kept = {name: value for name, value in given.items() if value is not None}
    return replace(
        plan, stages=tuple(replace(each, **kept) if each.name == Faces.name else each for each in plan.stages)
    )


def _reader(name: str) -> Any:
    """Return what reads an option of the stage from the address."""

    def read(text: str) -> Any:
        return getattr(make(Faces.name, {name: float(text) if name == STRENGTH else text}), name)

    return read
