"""What the page says: texts that it asks for, names from files, and the language of a browser."""

import ast
import re
from pathlib import Path

import pytest

from models import catalog
from pipeline import errors, notices
from pipeline.notices import Notice
from ui import words

ENGLISH = words.catalogue().texts["en"]


def test_every_text_that_the_page_asks_for_is_there():
    for path in Path(words.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    assert {first.value, f"{first.value}.other"} & set(ENGLISH), f"{path.name}: {first.value}"


@pytest.mark.parametrize("text", ["[a](b)", "![a](b)", "<img src=x>", "a\n\n    code", "`x` $y$ :red[z] **w** # 1."])
def test_what_comes_from_a_file_is_escaped(monkeypatch, text):
    monkeypatch.setitem(notices.catalogue().texts["en"], "told", "From {profile}.")
    told = words.tell(Notice("told", profile=text))
    assert "\n" not in told
    assert not re.search(r"(?<!\\)[\[\]()<>!`$:*#]", told)
    assert re.sub(r"\\(.)", r"\1", told) == f"From {' '.join(text.split())}."


@pytest.mark.parametrize("code", words.catalogue().texts)
def test_texts_for_errors_and_tasks_name_real_ones(code):
    texts = words.catalogue().texts[code]
    named = {key.removeprefix("error.") for key in texts if key.startswith("error.") and key[6].isupper()}
    assert named <= set(errors.__all__)
    assert {f"models.{spec.task}" for spec in catalog.MODELS} <= set(texts)


@pytest.mark.parametrize(
    ("browser", "code"),
    [("en-GB", "en"), ("ru", "ru"), ("RU-ru", "ru"), ("ru-Cyrl-KZ", "ru"), ("eo", "en"), ("", "en")],
)
def test_a_browser_gets_its_language(browser, code):
    assert words.nearest(browser) == code


def test_languages_are_offered_by_their_own_names():
    names = words.languages()
    assert set(names) == set(words.catalogue().texts)
    assert (names["en"], names["ru"]) == ("English", "Русский")
