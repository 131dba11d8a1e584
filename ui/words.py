"""The page's texts: one file a language in ``ui/languages``; adding a language is adding a file."""

import json
import re
from functools import cache
from pathlib import Path

import streamlit as st

from pipeline import notices
from pipeline.errors import StudioError
from pipeline.notices import Notice

FOLDER = Path(__file__).parent / "languages"
FALLBACK = "en"
KEY = "lang"
"""Key of the widget, and name in the address, of the language that somebody chose."""

_LINK = re.compile(r"https?:(?=//)|www(?=\.)|@", re.IGNORECASE)
"""Where addresses begin that Streamlit makes links of, although their punctuation is escaped."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return the texts of every language, by its code."""
    files = sorted(FOLDER.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}


def language() -> str:
    """Return the language to speak: the chosen one, else the browser's, else English."""
    browser = (st.context.locale or "").split("-")[0]
    wanted = (st.query_params.get(KEY), browser, FALLBACK)
    return next(code for code in wanted if code in catalogue())


def say(key: str, **values: object) -> str:
    """Return a text in the language of this session.

    Parameters
    ----------
    key : str
        As in the language files.
    **values : object
        What its ``{placeholders}`` stand for.

    Raises
    ------
    KeyError
        If English has no such text.
    """
    texts = catalogue()
    return texts[language()].get(key, texts[FALLBACK][key]).format(**values)


def say_time(key: str, seconds: float) -> str:
    """Return a text about a span of time: its form in seconds, ``key.seconds``, or in minutes, ``key.minutes``."""
    if seconds < 90:
        return say(f"{key}.seconds", count=max(round(seconds), 1))
    return say(f"{key}.minutes", count=round(seconds / 60))


def say_or(key: str, otherwise: str) -> str:
    """Return a text where the language has it, else `otherwise`, which the code itself says."""
    return catalogue()[language()].get(key, otherwise)


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
    return notices.headline(safe, _of_notices(), stage=stage or stage_name(notice.stage))


def figures(notice: Notice) -> str:
    """Return the figures behind a notice, as plain text, in the language of this session; empty where there are none.

    They may quote the file; escape them for HTML.
    """
    return notices.figures(notice, _of_notices())


def _of_notices() -> str:
    """Return the language of notices: this session's, else English."""
    return language() if language() in notices.languages() else FALLBACK


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
