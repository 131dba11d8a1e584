"""The components that the page draws itself, each of three files: NAME.html, NAME.css and NAME.js."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pipeline.options import Number, rules

_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)"\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def component(path: Path, *styles: Path) -> Callable[..., Any]:
    """Return a component; call it with its data and a key to draw it.

    Parameters
    ----------
    path : Path
        Its three files, without their endings.
    *styles : Path
        CSS that it shares with other components; its own comes after.
    """
    sheets = [*styles, path.with_suffix(".css")]
    return st.components.v2.component(
        f"studio.{path.name}",
        html=path.with_suffix(".html").read_text(encoding="utf-8"),
        css="\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets),
        js=script(path.with_suffix(".js")),
    )


def script(path: Path) -> str:
    """Return a JavaScript module and all that it imports as one text.

    Streamlit takes a component's JavaScript as text, which has no address to import from.

    Parameters
    ----------
    path : Path
        A module. It and those that it imports use ``import { a, b } from "./file.js"`` and ``export`` alone, import
        in no circle, and give no two top-level names twice.
    """
    texts: dict[Path, str] = {}
    _collect(path.resolve(), texts)
    return "\n".join(texts.values())


def _collect(path: Path, texts: dict[Path, str]) -> None:
    """Add to `texts` the modules that one imports, then itself."""
    text = path.read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(text):
        needed = (path.parent / imported[1]).resolve()
        if needed not in texts:
            _collect(needed, texts)
    texts[path] = _EXPORT.sub("", _IMPORT.sub("", text))


def spans(options: type) -> dict[str, dict[str, float]]:
    """Return the range of each numeric option of a dataclass, as a slider takes it."""
    return {name: span(rule) for name, rule in rules(options).items() if isinstance(rule, Number)}


def span(rule: Number) -> dict[str, float]:
    """Return a range as a slider takes it; `neutral` is where it changes nothing."""
    return {"low": rule.low, "high": rule.high, "step": rule.step, "neutral": rule.default}
