"""Texts in several languages: plural forms and figures as each language writes them, by Babel's tables of CLDR."""

import json
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal, format_percent

FALLBACK = "en"
"""The language of texts that another one lacks."""


class Catalogue:
    """The texts of a folder that holds one JSON file a language.

    A text with a number, ``count``, may have the plural forms that CLDR names for its language: ``key.one``,
    ``key.few``, ``key.many`` and ``key.other``.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.json"))
        self.texts: dict[str, dict[str, str]] = {path.stem: _read(path) for path in files}

    def fill(self, language: str, key: str, values: Mapping[str, Any], otherwise: str | None = None) -> str:
        """Return a text in a language, else in English.

        Parameters
        ----------
        language : str
        key : str
            Without the plural form, which the value ``count`` selects.
        values : Mapping
            What its ``{placeholders}`` stand for.
        otherwise : str, optional
            What to return where English has no such text either.

        Raises
        ------
        KeyError
            If English has no such text, and `otherwise` is not given.
        """
        for code in (language, FALLBACK):
            texts = self.texts.get(code, {})
            text = texts.get(key) or texts.get(f"{key}.{_form(code, values.get('count'))}")
            if text is not None:
                return _Filling(code).vformat(text, (), values)
        if otherwise is None:
            raise KeyError(key)
        return otherwise

    def forms(self, language: str, key: str) -> dict[str, str]:
        """Return the plural forms of a text by their names, for a browser to choose from."""
        for code in (language, FALLBACK):
            texts = self.texts.get(code, {})
            found = {form: texts[f"{key}.{form}"] for form in plural_forms(code) if f"{key}.{form}" in texts}
            if found:
                return found
        raise KeyError(key)


def plural_forms(language: str) -> Sequence[str]:
    """Return the names of a language's plural forms, as CLDR has them; ``other`` is the last."""
    return (*sorted(locale(language).plural_form.tags), "other")


def figure(value: float, spec: str, language: str) -> str:
    """Return a number as a language writes it.

    Parameters
    ----------
    value : float
    spec : str
        Python's: ``.2f``, ``.1%``, ``g`` or nothing, and ``,`` for groups of thousands.
    language : str
    """
    places = "0" * int((re.search(r"\.(\d+)", spec) or "00")[1])
    if spec.endswith("%"):
        pattern = locale(language).percent_formats[None].pattern
        return format_percent(value, pattern.replace("0", f"0.{places}".rstrip("."), 1), language)
    decimals = f".{places}" if places else ".######" if spec in ("", "g") else ""
    return format_decimal(value, ("#,##0" if "," in spec else "0") + decimals, language)


@cache
def locale(language: str) -> Locale:
    """Return what CLDR knows about a language."""
    return Locale.parse(language)


def _form(language: str, count: object) -> str:
    return str(locale(language).plural_form(count)) if isinstance(count, int) else "other"


def _read(path: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return content


class _Filling(string.Formatter):
    """`str.format` with figures as a language writes them."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return figure(value, format_spec, self._language)
        return super().format_field(value, format_spec)
