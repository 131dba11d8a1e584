"""Notices: deviations from a request and decisions worth knowing, as data; their texts are in language files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeline.notices.catalogue import FALLBACK, Catalogue

Value = float | int | str


@dataclass(frozen=True, init=False)
class Notice:
    """One deviation from a request, or one decision worth knowing.

    Parameters
    ----------
    code : str
        A stable word for machines, such as ``"reduced"``; every language file has a text for it.
    stage : str
        The name of the stage that reports it; empty where it concerns the file.
    **values : float, int or str
        The figures behind it, such as ``w0=4000``.
    """

    code: str
    stage: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)

    def __init__(self, code: str, stage: str = "", **values: Value) -> None:
        for name, value in (("code", code), ("stage", stage), ("values", values)):
            object.__setattr__(self, name, value)


@cache
def catalogue() -> Catalogue:
    """Return the texts of all notices: the headline of one by its code, the figures behind it by ``CODE.figures``."""
    return Catalogue(Path(__file__).parents[1] / "languages")


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that notices exist in."""
    return tuple(catalogue().texts)


def headline(notice: Notice, language: str = FALLBACK, *, stage: str = "") -> str:
    """Return what happened, in one plain sentence.

    Parameters
    ----------
    notice : Notice
    language : str
    stage : str
        What the stage is called in that language; its name, capitalised, by default.
    """
    values = {**notice.values, "stage": stage or notice.stage.capitalize()}
    return catalogue().fill(language, notice.code, values)


def figures(notice: Notice, language: str = FALLBACK) -> str:
    """Return the figures behind a notice; empty where there are none."""
    return catalogue().fill(language, f"{notice.code}.figures", notice.values, otherwise="")


def sentence(notice: Notice) -> str:
    """Return headline and figures in English, for a terminal or a log."""
    first, behind = headline(notice), figures(notice)
    return f"{first.rstrip('.')} ({behind.rstrip('.')})." if behind else first
