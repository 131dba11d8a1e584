import re
from pathlib import Path

import pytest

from pipeline.stages import BY_NAME

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_round_trip_table_is_the_one_that_tests_hold():
    assert (ROOT / "tests" / "data" / "roundtrip.md").read_text(encoding="utf-8").strip() in README


@pytest.mark.parametrize("name", BY_NAME)
def test_every_stage_is_described(name):
    assert name in README


def test_the_two_commands_come_first():
    assert README.index("make run") < README.index("make test") < README.index("pip install")


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(((?!http)[^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_requirement_has_its_reason():
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f"{line.split('>')[0].split('<')[0]}" in README, line
