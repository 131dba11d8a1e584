"""Every language is whole: no text missing or left over, the same placeholders and Markdown, its own plural forms."""

import json
import re
import string
from collections import Counter
from pathlib import Path

import pytest

import pipeline
import ui
from models import catalog
from pipeline import notices
from pipeline.notices.catalogue import FALLBACK, Catalogue, figure, locale, plural_forms
from pipeline.options import Choice, Text, rules
from pipeline.stages import STAGES
from ui import words

CATALOGUES = {"pipeline": notices.catalogue().texts, "ui": words.catalogue().texts}
FOLDERS = {name: Path(package.__file__).parent / "languages" for name, package in (("pipeline", pipeline), ("ui", ui))}
EVERY = [(name, code) for name, languages in CATALOGUES.items() for code in languages]
OTHERS = [(name, code) for name, code in EVERY if code != FALLBACK]

CHOICES = [(option, rule) for kind in STAGES for option, rule in rules(kind).items() if isinstance(rule, Choice)]
"""Options with a choice of names, which may have texts."""

FROM_CODE = {
    *(f"stage.{kind.name}" for kind in STAGES),
    *(f"stage.{kind.name}.summary" for kind in STAGES),
    *(f"option.{name}" for kind in STAGES for name in rules(kind)),
    *(f"help.{kind.name}.{name}" for kind in STAGES for name in rules(kind)),
    *(f"form.{kind.name}.{name}" for kind in STAGES for name, rule in rules(kind).items() if isinstance(rule, Text)),
    *(f"option.{choice}" for option, rule in CHOICES if option != "model" for choice in rule.choices),
    *(f"title.{spec.id}" for spec in catalog.MODELS if spec.bundled),
}
"""Texts of the page that English takes from the code itself."""

KEPT = re.compile(r"`[^`]*`|https?:\S+|(?<!\S)--[a-z-]+|\*\*|[_$#<>~\[\]]")
"""What every language keeps of a text: code, addresses, and the signs of Markdown."""


def plurals(name):
    """Return the keys of the texts that have plural forms, without the form."""
    english = CATALOGUES[name][FALLBACK]
    keys = {key.removesuffix(".other") for key in english if key.endswith(".other")}
    return keys - set(english)  # "restore.other" is a text beside "restore"


def english(name, key):
    """Return the English text of a key; for a plural form, the one for several."""
    texts = CATALOGUES[name][FALLBACK]
    base = key.rpartition(".")[0]
    return texts[f"{base}.other"] if base in plurals(name) else texts.get(key, "")


def expected(name, code):
    """Return the keys that a language has to have."""
    texts = {key for key in CATALOGUES[name][FALLBACK] if key.rpartition(".")[0] not in plurals(name)}
    texts |= FROM_CODE if name == "ui" else set()
    return texts | {f"{key}.{form}" for key in plurals(name) for form in plural_forms(code)}


def placeholders(text):
    return {(field, spec) for _, field, spec, _ in string.Formatter().parse(text) if field}


def is_for_one_alone(code, key):
    """Return whether a text is the form of 1 and of no other number, as in English; then it may leave the 1 out."""
    of = locale(code).plural_form
    return key.endswith(".one") and not [count for count in range(2, 200) if of(count) == "one"]


def once(pairs):
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_no_text_is_there_twice(name, code):
    """JSON keeps the last of them, without a word."""
    json.loads((FOLDERS[name] / f"{code}.json").read_text(encoding="utf-8"), object_pairs_hook=once)


def test_every_language_has_notices_and_a_page():
    twelve = {"de", "en", "es", "fr", "it", "ja", "ko", "pl", "pt", "ru", "uk", "zh"}
    assert set(CATALOGUES["pipeline"]) == set(CATALOGUES["ui"]) >= twelve


@pytest.mark.parametrize(("name", "code"), OTHERS)
def test_no_text_is_missing(name, code):
    missing = expected(name, code) - set(CATALOGUES[name][code])
    assert not missing, sorted(missing)


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_no_text_is_left_over(name, code):
    """Errors have the code's own words where English has none; a plural form that the language lacks is never read."""
    known = expected(name, code) | {f"option.{choice}" for _, rule in CHOICES for choice in rule.choices}
    left = {key for key in CATALOGUES[name][code] if not key.startswith("error.")} - known
    assert not left, sorted(left)


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_placeholders_are_the_same(name, code):
    for key, text in CATALOGUES[name][code].items():
        missing = placeholders(english(name, key)) ^ placeholders(text)
        assert missing <= ({("count", "")} if is_for_one_alone(code, key) else set()), key


@pytest.mark.parametrize(("name", "code"), OTHERS)
def test_code_addresses_and_markdown_are_the_same(name, code):
    for key, text in CATALOGUES[name][code].items():
        if key in CATALOGUES[name][FALLBACK]:
            assert Counter(KEPT.findall(text)) == Counter(KEPT.findall(english(name, key))), key


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_texts_have_no_space_around_them(name, code):
    assert not [key for key, text in CATALOGUES[name][code].items() if text != text.strip() or not text]


@pytest.mark.parametrize(
    ("code", "count", "text"),
    [
        ("en", 1, "1 photograph"),
        ("en", 2, "2 photographs"),
        ("ru", 1, "1 фотография"),
        ("ru", 3, "3 фотографии"),
        ("ru", 11, "11 фотографий"),
        ("ru", 21, "21 фотография"),
    ],
)
def test_a_number_selects_the_plural_form(code, count, text):
    assert words.catalogue().fill(code, "album.count", {"count": count}) == text


def test_a_browser_gets_every_plural_form():
    assert set(words.catalogue().forms("ru", "cut.several")) == {"one", "few", "many", "other"}


@pytest.fixture
def partial(tmp_path):
    (tmp_path / "en.json").write_text('{"a": "A {x:.1f}", "b.one": "one B", "b.other": "{count} Bs"}')
    (tmp_path / "ru.json").write_text('{"b.few": "{count} Б"}')
    return Catalogue(tmp_path)


def test_a_missing_text_is_english_as_a_whole(partial):
    assert partial.fill("ru", "a", {"x": 0.5}) == "A 0.5"
    assert [partial.fill("ru", "b", {"count": count}) for count in (1, 2, 5)] == ["one B", "2 Б", "5 Bs"]
    assert partial.fill("eo", "b", {"count": 1}) == "one B"
    assert partial.forms("ru", "b") == {"few": "{count} Б"}


def test_a_text_that_english_lacks_is_an_error_or_what_the_code_says(partial):
    assert partial.fill("ru", "c", {}, otherwise="said") == "said"
    for ask in (partial.forms, lambda code, key: partial.fill(code, key, {})):
        with pytest.raises(KeyError):
            ask("ru", "c")


@pytest.mark.parametrize(
    ("value", "spec", "en", "ru"),
    [
        (0.1234, ".1%", "12.3%", "12,3\xa0%"),
        (0.5, ".0%", "50%", "50\xa0%"),
        (2.0, "g", "2", "2"),
        (0.05, "g", "0.05", "0,05"),
        (0.4, ".2f", "0.40", "0,40"),
        (33.6, ".0f", "34", "34"),
        (4000, "", "4000", "4000"),
        (1234567, ",", "1,234,567", "1\xa0234\xa0567"),
    ],
)
def test_figures_are_written_as_the_language_does(value, spec, en, ru):
    assert (figure(value, spec, "en"), figure(value, spec, "ru")) == (en, ru)
