"""A studio of its own, and a real browser to use it with."""

import os
import shutil

import pytest

from examples.screen import chromium, serving


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """The address of a running studio without any downloaded model."""
    with serving({"STUDIO_MODELS": str(tmp_path_factory.mktemp("models"))}) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    if shutil.which("chromium") is None and not os.environ.get("STUDIO_NEEDS_BROWSER"):
        pytest.skip("chromium is not installed (Debian's package of that name)")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser, studio):
    """A fresh page of the studio."""
    context = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(studio)
    page.get_by_text("Restoration Studio").first.wait_for()
    yield page
    context.close()
