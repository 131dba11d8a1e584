"""A studio of its own, and a real browser to use it with."""

import os
import shutil

import pytest

from examples.screen import chromium, serving
from tests.e2e.modules import Modules


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """The address of a running studio without any downloaded model."""
    with serving({"STUDIO_MODELS": str(tmp_path_factory.mktemp("models")), "STUDIO_KEEP_MEGABYTES": "8000"}) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    if shutil.which("chromium") is None and not os.environ.get("STUDIO_NEEDS_BROWSER"):
        pytest.skip("chromium is not installed (Debian's package of that name)")
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def js(browser):
    """The modules of the page's JavaScript, all in one blank page."""
    page = browser.new_page()
    yield Modules(page)
    page.close()


@pytest.fixture
def blank(browser):
    """A blank page in which components can be mounted."""
    page = browser.new_page(viewport={"width": 500, "height": 600})
    page.set_default_timeout(5000)
    yield Modules(page)
    page.close()


@pytest.fixture
def visit(browser, studio):
    """Opens pages of the studio, each in a browser of its own; call it with what `new_context` takes."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 1000}, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(studio)
        page.locator("input[type=file]").wait_for(state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit):
    """A fresh page of the studio."""
    return visit()
