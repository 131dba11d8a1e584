"""What answers tell a browser not to do, and that the studio works under it."""

import urllib.error
import urllib.request

import pytest

from tests.e2e.steps import download, restore, restored, sideways_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("place", ["", "studio/nosuch/0/preview", "_stcore/health"])
def test_every_answer_has_headers_of_safety(studio, place):
    try:
        headers = urllib.request.urlopen(f"{studio}/{place}").headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_studio_needs_nothing_that_its_headers_forbid(page):
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.reload()
    page.locator("input[type=file]").wait_for(state="attached")
    upload(page, ("cup.jpg", sideways_jpeg(160)))
    restore(page)
    restored(page)
    assert download(page)
    assert not [text for text in told if "Content Security Policy" in text]


def test_nothing_is_loaded_from_elsewhere(page):
    refused = "new Promise(done => { document.onsecuritypolicyviolation = event => done(event.effectiveDirective);"
    assert page.evaluate(refused + " new Image().src = 'http://elsewhere.test/x.png' })") == "img-src"
