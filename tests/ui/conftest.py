"""The page as a visitor opens it, and its workshop, which a server would close."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.steps import CUP, ROOT, dropped
from ui.shop import workshop


@pytest.fixture(scope="session", autouse=True)
def _closed():
    yield
    if workshop.cache_info().currsize:
        workshop().close()
        workshop.cache_clear()


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    return AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()


@pytest.fixture
def chosen(app):
    """The page after a photograph was dropped."""
    return dropped(app, CUP)
