"""Nothing of what people bring stays on the disk."""

import time

import pytest

from examples.screen import serving
from tests.e2e.steps import restore, restored, sideways_jpeg, upload

pytestmark = pytest.mark.browser


def test_nothing_is_left_when_the_server_ends(browser, tmp_path):
    with serving({"TMPDIR": str(tmp_path)}) as url:
        page = browser.new_page(locale="en-GB")
        page.goto(url)
        upload(page, ("cup.jpg", sideways_jpeg(160)))
        restore(page)
        restored(page)
        assert list(tmp_path.rglob("source"))
        assert list(tmp_path.rglob("*.npy"))
        page.close()
    until = time.monotonic() + 20
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []
