import re
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.config import Config
from pipeline.photo import MAX_PIXELS
from pipeline.stages import BY_NAME

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REQUIREMENTS = ("requirements.txt", "requirements-full.txt")


def test_the_round_trip_table_equals_the_tested_one():
    assert (ROOT / "tests" / "data" / "roundtrip.md").read_text(encoding="utf-8").strip() in README


@pytest.mark.parametrize("name", BY_NAME)
def test_every_stage_is_described(name):
    assert name in README


@pytest.mark.parametrize("setting", fields(Config), ids=lambda setting: setting.name)
def test_every_setting_is_described_with_its_default(setting):
    shown = {True: "true", False: "false", "": '""', (): "[]"}.get(setting.default, setting.default)
    assert f"| `{setting.name}` | {shown} |" in README


def test_the_two_commands_come_first():
    assert README.index("make run") < README.index("make test") < README.index("pip install")


def test_links_and_pictures_exist():
    for target in re.findall(r"""(?:\]\(|src=")((?!http)[^)"#]+)""", README):
        assert (ROOT / target).exists(), target


def test_every_requirement_is_explained():
    lines = [line for name in REQUIREMENTS for line in (ROOT / name).read_text().splitlines()]
    for line in lines:
        if line and not line.startswith(("#", "-r")):
            assert f"{line.split('>')[0].split('<')[0]}" in README, line


def test_the_cap_is_stated_once():
    assert README.count(f"{MAX_PIXELS:,}") == 1
