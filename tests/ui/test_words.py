"""Every language is whole: no key missing, no placeholder lost, every stage and option named."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from models import catalog
from pipeline import errors, notices
from pipeline.notices import Notice
from pipeline.options import Choice, rules
from pipeline.stages import STAGES
from ui import words

ENGLISH = words.catalogue()["en"]
OTHERS = [code for code in words.catalogue() if code != "en"]

FROM_CODE = {
    *(f"stage.{kind.name}" for kind in STAGES),
    *(f"stage.{kind.name}.summary" for kind in STAGES),
    *(f"option.{name}" for kind in STAGES for name in rules(kind)),
    *(f"help.{kind.name}.{name}" for kind in STAGES for name in rules(kind)),
    *(
        f"option.{choice}"
        for kind in STAGES
        for name, rule in rules(kind).items()
        if isinstance(rule, Choice) and name != "model"
        for choice in rule.choices
    ),
}
"""Texts that English takes from the code itself."""


def once(pairs):
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", words.catalogue())
def test_no_text_is_there_twice(code):
    """JSON keeps the last of them, without a word."""
    json.loads((words.FOLDER / f"{code}.json").read_text(encoding="utf-8"), object_pairs_hook=once)


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_missing(code):
    texts = words.catalogue()[code]
    missing = (set(ENGLISH) | FROM_CODE) - set(texts)
    assert not missing, sorted(missing)


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_left_over(code):
    """Errors have the code's own words where English has none."""
    options = [rule for kind in STAGES for rule in rules(kind).values() if isinstance(rule, Choice)]
    known = set(ENGLISH) | FROM_CODE | {f"option.{choice}" for rule in options for choice in rule.choices}
    left = {key for key in words.catalogue()[code] if not key.startswith("error.")} - known
    assert not left, sorted(left)


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_are_the_same(code):
    texts = words.catalogue()[code]
    for key, text in ENGLISH.items():
        assert placeholders(texts[key]) == placeholders(text), key


def test_every_text_that_the_page_asks_for_is_there():
    for path in Path(words.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    assert first.value in ENGLISH, f"{path.name}: {first.value}"


@pytest.mark.parametrize("text", ["[a](b)", "![a](b)", "<img src=x>", "a\n\n    code", "`x` $y$ :red[z] **w** # 1."])
def test_what_comes_from_a_file_is_escaped(monkeypatch, text):
    monkeypatch.setitem(notices.texts("en"), "told", "From {profile}.")
    told = words.tell(Notice("told", profile=text))
    assert "\n" not in told
    assert not re.search(r"(?<!\\)[\[\]()<>!`$:*#]", told)
    assert re.sub(r"\\(.)", r"\1", told) == f"From {' '.join(text.split())}."


@pytest.mark.parametrize("code", words.catalogue())
def test_texts_for_errors_and_tasks_name_real_ones(code):
    texts = words.catalogue()[code]
    named = {key.removeprefix("error.") for key in texts if key.startswith("error.") and key[6].isupper()}
    assert named <= set(errors.__all__)
    assert {f"models.{spec.task}" for spec in catalog.MODELS} <= set(texts)
