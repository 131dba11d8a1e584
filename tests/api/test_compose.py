"""compose.yaml and the Dockerfile against the server that they run."""

import re
from dataclasses import fields
from pathlib import Path

from api.hosting import _HEALTH
from api.v1.tokens import OPEN
from pipeline.config import Config
from studio import stopping

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_setting_can_be_given():
    assert set(re.findall(r"- STUDIO_(\w+)\n", COMPOSE)) == {each.name.upper() for each in fields(Config)}


def test_a_server_that_stops_has_the_time_for_it():
    (grace,) = re.findall(r"stop_grace_period: (\d+)s", COMPOSE)
    assert int(grace) >= Config().stop_seconds + stopping._NEWS_S + stopping._FETCH_S + 20


def test_the_health_of_the_image_needs_no_token_and_no_name():
    (path,) = re.findall(r"http://127\.0\.0\.1:8501(\S+)'", IMAGE)
    assert path in _HEALTH
    assert path.removeprefix("/api/v1") in OPEN


def test_every_folder_that_is_written_to_is_a_volume():
    folders = set(re.findall(r"(?:STUDIO_MODELS|TMPDIR)=(\S+)", IMAGE))
    assert folders == set(re.findall(r'"(/\w+)"[,\]]', re.search(r"VOLUME (.*)", IMAGE)[1]))
    assert folders == set(re.findall(r"- \w+:(/\w+)\n", COMPOSE))


def test_everything_that_the_server_imports_is_in_the_image():
    copied = {name for line in re.findall(r"COPY (.*) \S+\n", IMAGE) for name in line.split()}
    assert {"app.py", ".streamlit", "models", "pipeline", "studio", "api", "ui"} <= copied
