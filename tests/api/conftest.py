"""A workshop to ask things of."""

from contextlib import closing

import pytest

from pipeline.config import Config
from studio.workshop import Workshop


@pytest.fixture(scope="session")
def shop():
    with closing(Workshop(Config())) as opened:
        yield opened
