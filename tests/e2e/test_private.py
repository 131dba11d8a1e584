"""Nothing of what people bring stays on the disk, and nothing in it calls another address."""

import io
import time

import imagecodecs
import pytest
from PIL import Image

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


def with_profile(name):
    """A JPEG whose colour profile has another name, as long as that of Adobe RGB."""
    adobe, profile = "Adobe RGB (compatible)", imagecodecs.cms_profile("adobergb")
    assert len(name) == len(adobe)
    for coding in ("ascii", "utf-16-be"):
        assert adobe.encode(coding) in profile
        profile = profile.replace(adobe.encode(coding), name.encode(coding))
    buffer = io.BytesIO()
    Image.new("RGB", (160, 120), (200, 120, 60)).save(buffer, "JPEG", icc_profile=profile)
    return buffer.getvalue()


def test_texts_of_a_photograph_are_no_links_and_load_nothing(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    name = "cup ![x](http://evil.test/x) www.evil.test a@evil.test.jpg"
    photo = {"name": name, "mimeType": "image/jpeg", "buffer": with_profile("![](http://evil.test/)")}
    page.locator("input[type=file]").first.set_input_files([photo])
    page.get_by_role("heading", name="cup").wait_for()
    restore(page)
    restored(page)
    page.get_by_text("What was done").click()
    page.get_by_text("From: ![](http://evil.test/)").wait_for()
    assert not [url for url in asked if "evil" in url]
    assert page.locator("a[href*=evil], img[src*=evil]").count() == 0
