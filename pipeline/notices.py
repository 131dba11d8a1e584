"""Notices: deviations from a request and decisions worth knowing, as data; their texts are in language files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

Value = float | int | str
_LANGUAGES = Path(__file__).parent / "languages"


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


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that notices exist in."""
    return tuple(sorted(path.stem for path in _LANGUAGES.glob("*.json")))


@cache
def texts(language: str = "en") -> Mapping[str, str]:
    """Return the texts of all notices in a language, by code; the figures behind one by ``CODE.figures``.

    Raises
    ------
    KeyError
        If there is no such language.
    """
    if language not in languages():
        raise KeyError(language)
    content: dict[str, str] = json.loads((_LANGUAGES / f"{language}.json").read_text(encoding="utf-8"))
    return content


def headline(notice: Notice, language: str = "en", *, stage: str = "") -> str:
    """Return what happened, in one plain sentence.

    Parameters
    ----------
    notice : Notice
    language : str
    stage : str
        What the stage is called in that language; its name, capitalised, by default.
    """
    values = {**notice.values, "stage": stage or notice.stage.capitalize()}
    return texts(language)[notice.code].format(**values)


def figures(notice: Notice, language: str = "en") -> str:
    """Return the figures behind a notice; empty where there are none."""
    return texts(language).get(f"{notice.code}.figures", "").format(**notice.values)


def sentence(notice: Notice) -> str:
    """Return headline and figures in English, for a terminal or a log."""
    first, behind = headline(notice), figures(notice)
    return f"{first.rstrip('.')} ({behind.rstrip('.')})." if behind else first
