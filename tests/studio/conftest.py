"""A workshop of its own for every module."""

from contextlib import closing

import pytest

from pipeline.config import Config
from studio.workshop import Workshop


@pytest.fixture(scope="module")
def shop():
    with closing(Workshop(Config())) as opened:
        yield opened
