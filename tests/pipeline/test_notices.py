import ast
import re
import string
from pathlib import Path

import pytest

from pipeline import notices
from pipeline.notices import Notice, figures, headline, sentence

ROOT = Path(__file__).parents[2]
ENGLISH = notices.catalogue().texts["en"]
ROOMS = ("models", "pipeline", "studio", "api", "ui")


def emitted():
    """Return the arguments of every notice that the code can make: its code, and the names of its values."""
    for path in [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_notice(node.func):
                yield from ((code, node) for code in _codes(node.args[0]))


def _is_notice(function):
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("Notice", "notice")


def _codes(node):
    """Return the codes that an argument holds; none where it is computed before."""
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def constants():
    for path in [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]:
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        yield from (node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_code_has_a_text_and_every_text_a_code():
    written = {re.sub(r"(\.figures)?(\.one|\.other)?$", "", key) for key in ENGLISH}
    assert {code for code, _ in emitted()} <= written
    assert written <= set(constants())


@pytest.mark.parametrize(("code", "call"), list(emitted()))
def test_a_notice_carries_the_values_that_its_text_needs(code, call):
    given = {keyword.arg for keyword in call.keywords}
    if None not in given:
        needed = [_fields(text) for key, text in ENGLISH.items() if f"{key}.".startswith(f"{code}.")]
        assert set().union(*needed) - {"stage"} <= given


def _fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_figures_stay_behind_the_headline():
    notice = Notice("deblur-skipped", "deblur", blur=0.4, limit=0.57)
    assert headline(notice) == "The photograph is sharp already, so Deblur left it alone."
    assert figures(notice) == "Blur 0.40; below 0.57 a photograph counts as sharp."
    assert sentence(notice).startswith("The photograph is sharp already, so Deblur left it alone (Blur 0.40;")
    assert "0,40" in figures(notice, "ru")
    assert headline(notice, "ru") != headline(notice)


def test_the_stage_is_named_as_the_page_names_it():
    notice = Notice("weights-missing", "deblur", model="deblurgan-inception")
    assert headline(notice).startswith("Deblur was left out")
    assert "«Резкость»" in headline(notice, "ru", stage="Резкость")
