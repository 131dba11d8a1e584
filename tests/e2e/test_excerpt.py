"""The settings tried on a part, in a real browser: the frame, its keys, another setting, before and after."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import upload
from tests.e2e.test_access import serious

pytestmark = pytest.mark.browser

PORTRAIT = (Path(__file__).parents[2] / "examples" / "astronaut_before.jpg").read_bytes()
FRAMED = "excerpt/excerpt.js"
BUSY_MS = 120_000
"""Limit on a part, on a machine that has other work too."""


@pytest.fixture
def tried(page):
    """The portrait in advanced mode, with a part that was tried."""
    upload(page, ("portrait.jpg", PORTRAIT))
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_text("Try the settings on a part", exact=True).click()
    page.locator(".excerpt .tried").wait_for(timeout=BUSY_MS)
    return page


def middle(page):
    box, sheet = page.locator(".excerpt .box").bounding_box(), page.locator(".excerpt .sheet").bounding_box()
    return (
        (box["x"] + box["width"] / 2 - sheet["x"]) / sheet["width"],
        (box["y"] + box["height"] / 2 - sheet["y"]) / sheet["height"],
    )


def after(page):
    return page.locator(".excerpt .after").get_attribute("src")


def changed(page, before):
    expect(page.locator(".excerpt .after")).not_to_have_attribute("src", before, timeout=BUSY_MS)


def test_the_face_is_tried_then_another_part_and_other_settings(tried):
    assert middle(tried)[0] == pytest.approx(0.44, abs=0.1)
    expect(tried.locator(".excerpt .after")).to_have_js_property("naturalWidth", 512)
    assert not serious(tried)
    first = after(tried)
    sheet = tried.locator(".excerpt .sheet").bounding_box()
    tried.mouse.click(sheet["x"] + 0.7 * sheet["width"], sheet["y"] + 0.7 * sheet["height"])
    changed(tried, first)
    moved = middle(tried)
    assert moved[1] > 0.5
    second = after(tried)
    tried.locator(".st-key-card-sharpen").get_by_role("switch").first.click(force=True)
    changed(tried, second)
    assert middle(tried) == pytest.approx(moved, abs=0.01)


def test_the_frame_moves_by_keys(tried):
    first, start = after(tried), middle(tried)
    tried.get_by_role("button", name="The part that is tried").focus()
    tried.keyboard.press("ArrowDown")
    tried.keyboard.press("ArrowDown")
    assert middle(tried)[1] > start[1] + 0.05
    changed(tried, first)


def test_a_frame_stays_within_the_photograph(js):
    assert js.call(FRAMED, "framed", [0.95, 0.5], [0.4, 0.2]) == pytest.approx([0.6, 0.4])
    assert js.call(FRAMED, "framed", [0, 0], [0.4, 0.2]) == [0, 0]
