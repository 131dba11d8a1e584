"""Imports go one way: app -> ui -> pipeline -> models; training and benchmarks stand beside."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "models": {"models"},
    "pipeline": {"pipeline", "models"},
    "ui": {"ui", "pipeline", "models"},
    "training": {"training", "pipeline", "models"},
    "benchmarks": {"benchmarks", "examples", "training", "pipeline", "models"},
}
ROOMS = {*ALLOWED, "examples", "tests", "app"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("room", ALLOWED)
def test_rooms_import_only_what_lies_below(room):
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        assert set(imports(path)) & ROOMS <= ALLOWED[room], path


@pytest.mark.parametrize("room", ["models", "pipeline", "training", "benchmarks"])
def test_only_the_screen_knows_streamlit(room):
    assert not [p for p in (ROOT / room).rglob("*.py") if "streamlit" in set(imports(p))]


def test_files_stay_readable():
    long = {p: n for p in ROOT.glob("[abemptu]*/**/*.py") if (n := len(p.read_text().splitlines())) > 300}
    assert not long
    assert len((ROOT / "app.py").read_text().splitlines()) < 100
