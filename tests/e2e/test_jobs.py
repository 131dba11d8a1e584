"""Work in the queue: cancelled, found again, and done for several photographs at once."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import BUSY_MS, download, opened, restore, restored, sideways_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.fixture
def ready(page):
    """A page that is about to begin a long job: as large as pictures are, and enlarged as much as they can be."""
    upload(page, ("big.jpg", sideways_jpeg(1560)))
    page.get_by_role("radio", name="×4").click()
    return page


@pytest.fixture
def working(ready):
    """A page in the middle of that job."""
    restore(ready)
    ready.get_by_text("Upscale").first.wait_for()
    return ready


def test_cancel_stops_the_work(working):
    working.get_by_role("button", name="Cancel").click()
    working.get_by_text("Cancelled. The photograph was not changed.").wait_for(timeout=5000)
    assert working.get_by_role("button", name="Restore", exact=True).is_enabled()


def test_the_stages_are_ticked_off(working):
    steps = working.locator(".steps li")
    expect(steps.first).to_have_class("done")
    expect(steps.last).to_have_class("later")


def test_a_reload_in_mid_job_loses_nothing(working):
    working.reload()
    working.get_by_role("button", name="Cancel").wait_for()
    restored(working)
    working.get_by_text("1248 × 1560 → 4992 × 6240 pixels").wait_for()


def test_another_page_and_back_loses_nothing(working):
    working.get_by_role("link", name="Models").click()
    working.get_by_text("Real-ESRGAN x4plus").first.wait_for()
    working.get_by_role("link", name="Studio").click()
    restored(working)


def test_two_tabs_see_the_same_work(working):
    second = working.context.new_page()
    second.goto(working.url)
    second.get_by_role("button", name="Cancel").wait_for()
    for page in (working, second):
        restored(page)


def test_another_visitor_waits_for_their_turn(ready, visit):
    other = visit()
    upload(other, ("other.jpg", sideways_jpeg(320)))
    restore(ready)
    restore(other)
    other.get_by_text("Waiting: 1 ahead of yours").wait_for()
    for page in (ready, other):
        restored(page)


def test_five_photographs_with_a_broken_one(page):
    good = [(f"photo {n}.jpg", sideways_jpeg(240 + 40 * n)) for n in range(4)]
    upload(page, *good[:2], ("broken.jpg", b"only words"), *good[2:])
    page.get_by_text("5 photographs").wait_for()
    restore(page)
    page.get_by_role("button", name="Download those restored (4) as ZIP").wait_for(timeout=BUSY_MS)
    assert page.get_by_text("1 failed").count() == 1
    assert page.locator(".row .state.done").count() == 4
    page.set_viewport_size({"width": 1200, "height": 700})  # the first of these stays in sight
    names = ("Try the failed ones again", "Restore all again")
    retry, again = (page.get_by_role("button", name=name).bounding_box() for name in names)
    assert retry["y"] + retry["height"] <= again["y"]  # neither covers the other
    name, data = download(page, "Download those restored (4) as ZIP")
    assert name == "restored.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pictures = archive.namelist()[:4]
        assert pictures == [f"photo {n}_restored.png" for n in range(4)]
        sizes = [opened(archive.read(entry)).shape[:2] for entry in pictures]
    assert sizes == [(2 * (240 + 40 * n), 2 * ((240 + 40 * n) * 4 // 5)) for n in range(4)]
    page.locator("[class*=st-key-open-]").first.get_by_role("button").click()
    restored(page)
    page.get_by_role("button", name="All photographs").click()
    page.get_by_text("5 photographs").wait_for()


def test_a_folder_can_be_dropped(page, tmp_path):
    (tmp_path / "box" / "letters").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "letters/c.jpg"):
        (tmp_path / "box" / name).write_bytes(sideways_jpeg(120))
    box = page.locator("[data-testid=stFileUploaderDropzone]").bounding_box()
    mouse = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / "box")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        where = {"x": box["x"] + 50, "y": box["y"] + 50}
        mouse.send("Input.dispatchDragEvent", {"type": kind, **where, "data": data})
    page.get_by_role("heading", name="3 photographs").wait_for()
