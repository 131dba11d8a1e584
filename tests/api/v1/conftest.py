"""A server of the API with two tokens, on a port of this machine."""

from contextlib import closing

import pytest

from pipeline.config import Config
from studio.workshop import Workshop
from tests.api.v1.asking import OTHER, TOKEN, Program, served


@pytest.fixture(scope="package")
def shop():
    """It takes uploads of one megabyte, keeps 40, and lets one owner wait."""
    settings = Config(
        api_tokens=(TOKEN, OTHER), max_upload_megabytes=1, max_pictures=2, max_waiting=1, keep_megabytes=40
    )
    with closing(Workshop(settings)) as opened:
        yield opened


@pytest.fixture(scope="package")
def url(shop):
    with served(shop) as address:
        yield address


@pytest.fixture
def program(url):
    with Program(url, TOKEN) as opened:
        yield opened
