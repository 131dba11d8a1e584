"""The workshop of the pages, which a server would close."""

import pytest

from ui.shop import workshop


@pytest.fixture(scope="session", autouse=True)
def _closed():
    yield
    if workshop.cache_info().currsize:
        workshop().close()
        workshop.cache_clear()
