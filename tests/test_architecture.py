"""Imports go one way: app -> ui, api -> studio -> pipeline -> models; training and benchmarks stand beside."""

import ast
import re

import pytest

from pipeline.stages import STAGES
from tests import architecture
from tests.architecture import PACKAGES, ROOT, graph, imported, modules

NEVER = {
    "models": {"pipeline", "studio", "ui", "api", "training", "benchmarks", "examples"},
    "models.files": {"models.catalog", "models.own", "models.families", "models.runtime", "models.networks"},
    "models.runtime": {"models.own"},
    "pipeline": {"studio", "ui", "api", "training", "benchmarks", "examples"},
    "pipeline.stages": {"pipeline.photo", "pipeline.codecs", "pipeline.command", "pipeline.batch", "pipeline.run"},
    "pipeline.methods": {
        "pipeline.stages",
        "pipeline.stage",
        "pipeline.plan",
        "pipeline.run",
        "pipeline.photo",
        "pipeline.notices",
        "pipeline.codecs",
    },
    "pipeline.codecs": {"pipeline.stages", "pipeline.methods", "pipeline.photo", "models"},
    "pipeline.batch": {"pipeline.command", "studio", "ui", "argparse"},
    "pipeline.command": {"studio", "ui"},
    "studio": {"streamlit", "starlette", "ui", "api", "pipeline.command", "training", "benchmarks", "examples"},
    "api": {"ui", "streamlit", "training", "benchmarks", "examples"},
    "ui": {"starlette", "models.runtime", "api", "training", "benchmarks", "examples"},
    "training": {"ui", "studio", "api", "benchmarks", "examples"},
    "benchmarks": {"ui", "api"},
}
"""What a room never imports: the last column of the table of rooms."""

KINDS = {"Stage", "Filter", *(kind.__name__ for kind in STAGES)}
"""Names of the classes of stages."""

ONLY = {"models.networks": {"models.networks", "models.errors", "models.spec"}}
"""What a room imports of the project, and nothing else of it."""


def inside(name, room):
    return name == room or name.startswith(f"{room}.")


def members(room):
    found = {name: path for name, path in modules().items() if inside(name, room)}
    assert found, room
    return found


@pytest.mark.parametrize("room", NEVER)
def test_a_room_never_imports_what_lies_above_it(room):
    for name, path in members(room).items():
        wrong = {target for target in imported(path) for other in NEVER[room] if inside(target, other)}
        assert not wrong, name


@pytest.mark.parametrize("room", ONLY)
def test_a_room_imports_only_what_it_may(room):
    for name in members(room):
        assert all(any(inside(target, other) for other in ONLY[room]) for target in graph()[name]), name


def test_only_the_benchmark_of_the_page_knows_the_studio():
    users = {name for name in members("benchmarks") if any(inside(target, "studio") for target in graph()[name])}
    assert users <= {"benchmarks.speed.page"}


def test_nothing_imports_in_a_circle():
    assert architecture.circle() == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_rooms_import_each_other_in_a_circle(package):
    assert architecture.count(package).rooms > 0


def test_the_pipeline_is_small_enough_to_survey():
    counted = architecture.count("pipeline")
    assert counted.rooms <= 22
    assert counted.floors <= 10
    assert counted.arrows <= 70


@pytest.mark.parametrize("package", PACKAGES)
def test_stages_are_not_told_apart_outside_their_room(package):
    for name, path in members(package).items():
        if inside(name, "pipeline.stages") or name == "pipeline.stage":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 1:
                function, _, second = (ast.unparse(part) for part in (node.func, *node.args[:2]))
                assert not (function == "isinstance" and set(re.findall(r"\w+", second)) & KINDS), name
                assert not (function in ("getattr", "hasattr") and second == "'model'"), name


def test_files_stay_readable():
    long = {path: n for path in modules().values() if (n := len(path.read_text(encoding="utf-8").splitlines())) > 300}
    assert not long
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) < 100
