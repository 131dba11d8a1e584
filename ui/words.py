"""The page's texts: one file a language in ``ui/languages``; adding a language is adding a file."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from pathlib import Path

import streamlit as st
from babel import negotiate_locale
from babel.units import format_unit

from pipeline import notices
from pipeline.errors import StudioError
from pipeline.notices import Notice
from pipeline.notices.catalogue import FALLBACK, Catalogue, figure, locale

KEY = "lang"
"""Key of the widget, and name in the address, of the language that somebody chose."""

_LINK = re.compile(r"https?:(?=//)|www(?=\.)|@", re.IGNORECASE)
"""Where addresses begin that Streamlit makes links of, although their punctuation is escaped."""


@cache
def catalogue() -> Catalogue:
    """Return the texts of the page."""
    return Catalogue(Path(__file__).parent / "languages")


def languages() -> dict[str, str]:
    """Return what each language calls itself, by its code, in the order of these names."""
    names = {code: str(locale(code).get_language_name()).capitalize() for code in catalogue().texts}
    return dict(sorted(names.items(), key=lambda named: named[1]))


def language() -> str:
    """Return the language to speak: the chosen one, else the browser's, else English."""
    chosen = st.query_params.get(KEY)
    return chosen if chosen in catalogue().texts else nearest(st.context.locale or FALLBACK)


def nearest(browser: str) -> str:
    """Return the language that a browser's locale, such as ``zh-CN``, asks for; English where the studio lacks it."""
    return negotiate_locale([browser.lower()], list(catalogue().texts), sep="-") or FALLBACK


def say(key: str, **values: object) -> str:
    """Return a text in the language of this session.

    Parameters
    ----------
    key : str
        As in the language files.
    **values : object
        What its ``{placeholders}`` stand for; ``count`` selects the plural form.

    Raises
    ------
    KeyError
        If English has no such text.
    """
    return catalogue().fill(language(), key, values)


def forms(key: str) -> Mapping[str, str]:
    """Return the plural forms of a text, of which the browser chooses one by ``Intl.PluralRules``."""
    return catalogue().forms(language(), key)


def number(value: float, spec: str = "g") -> str:
    """Return a number as the language of this session writes it; `spec` is one of Python's, such as ``.2f``."""
    return figure(value, spec, language())


def megabytes(size: float, decimals: int = 0) -> str:
    """Return a size in bytes as megabytes, in the language of this session."""
    pattern = f"0.{'0' * decimals}"
    return format_unit(size / 1e6, "digital-megabyte", length="short", format=pattern, locale=language())


def say_time(key: str, seconds: float) -> str:
    """Return a text about a span of time: its form in seconds, ``key.seconds``, or in minutes, ``key.minutes``."""
    if seconds < 90:
        return say(f"{key}.seconds", count=max(round(seconds), 1))
    return say(f"{key}.minutes", count=round(seconds / 60))


def listed(texts: Iterable[str]) -> str:
    """Return texts as a list, with the commas of the language of this session."""
    return reduce(lambda first, second: say("comma", first=first, second=second), texts)


def sentences(*texts: str) -> str:
    """Return texts one after the other, empty ones left out; full stops of Chinese and Japanese take no space."""
    return " ".join(filter(None, texts)).replace("\u3002 ", "\u3002")


def say_or(key: str, otherwise: str) -> str:
    """Return a text in the language of this session or in English, else `otherwise`, which the code itself says."""
    return catalogue().fill(language(), key, {}, otherwise)


def tell(notice: Notice, stage: str = "") -> str:
    """Return what a notice reports, as Markdown, in the language of this session.

    Parameters
    ----------
    notice : Notice
    stage : str
        What the page calls its stage here.
    """
    values = {name: plain(value) if isinstance(value, str) else value for name, value in notice.values.items()}
    safe = Notice(notice.code, notice.stage, **values)
    return notices.headline(safe, language(), stage=stage or stage_name(notice.stage))


def figures(notice: Notice) -> str:
    """Return the figures behind a notice, as plain text, in the language of this session; empty where there are none.

    They may quote the file; escape them for HTML.
    """
    return notices.figures(notice, language())


def explain(error: StudioError) -> str:
    """Return an error in the language of this session, and in small print what exactly was expected and what came."""
    general = say_or(f"error.{type(error).__name__}", "")
    return f"{general}  \n:small[{plain(str(error))}]" if general else plain(str(error))


def brief(error: StudioError) -> str:
    """Return an error in the language of this session, as plain text in one line."""
    return say_or(f"error.{type(error).__name__}", str(error))


def plain(text: str) -> str:
    """Return a text, such as the name of a file, so that Streamlit draws it in one line as it is, not as Markdown."""
    apart = _LINK.sub("\\g<0>\u2060", " ".join(text.split()))  # a word joiner has no width
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", apart)  # Markdown escapes ASCII punctuation only


def stage_name(name: str) -> str:
    """Return what a stage is called."""
    return say_or(f"stage.{name}", name.replace("-", " ").capitalize())
