"""Before and after: the divider, true pixels, panning, the strip, and the live finish."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.steps import download, opened, restore, restored, sideways_jpeg, spread, upload

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(browser, studio):
    """The address of a restored photograph, larger than its frame; whoever changes its finish sets it back."""
    context = browser.new_context(viewport={"width": 1200, "height": 1000}, locale="en-GB")
    page = context.new_page()
    page.goto(studio)
    upload(page, ("cup.jpg", sideways_jpeg(1000)))
    restore(page)
    restored(page)
    yield page.url
    context.close()


@pytest.fixture
def result(page, address):
    """A page with the restored photograph, in a browser of its own."""
    page.goto(address)
    restored(page)
    return page


def seen(page, side):
    """The part at true pixels that one side shows: its pixels, and where it lies in the result."""
    detail = page.locator(f".{side} .detail")
    expect(detail).to_have_css("visibility", "visible")
    address = detail.get_attribute("data-address")
    x, y = (int(address.split(f"&{name}=")[1].split("&")[0]) for name in ("x", "y"))
    base = page.url.split("?")[0]
    return opened(page.request.get(base + address).body()), x, y


def width_on_screen(page, side):
    return page.locator(f".{side} .detail").evaluate("e => e.getBoundingClientRect().width * devicePixelRatio")


def test_the_divider_follows_the_mouse_and_the_keys(result):
    frame, divider = result.locator(".frame").bounding_box(), result.locator(".divider")
    result.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 80)
    result.mouse.down()
    result.mouse.move(frame["x"] + frame["width"] / 4, frame["y"] + 80, steps=4)
    result.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) == 25
    divider.press("ArrowRight")
    assert int(divider.get_attribute("aria-valuenow")) == 27
    divider.press("End")
    assert divider.get_attribute("aria-valuenow") == "100"


def test_true_pixels_are_those_of_the_file(result):
    result.get_by_role("button", name="100 %").click()
    shown, x, y = seen(result, "after")
    assert width_on_screen(result, "after") == pytest.approx(shown.shape[1])
    _, data = download(result)
    part = opened(data)[y : y + shown.shape[0], x : x + shown.shape[1]]
    assert (part == shown).all()


def place(page, side):
    return page.locator(f".plane.{side}").evaluate("e => [e.style.left, e.style.top]")


def test_both_sides_are_panned_together(result):
    result.get_by_role("button", name="100 %").click()
    frame = result.locator(".frame").bounding_box()
    result.mouse.move(frame["x"] + 100, frame["y"] + 200)
    result.mouse.down()
    result.mouse.move(frame["x"] + 40, frame["y"] + 120, steps=4)
    result.mouse.up()
    places = [place(result, side) for side in ("before", "after")]
    assert places[0] == places[1]
    result.get_by_role("button", name="Fit").click()
    assert places[0] != place(result, "after")


def test_the_original_is_seen_while_the_button_is_held(result):
    hold, clip = result.get_by_role("button", name="Hold to see the original"), result.locator(".clip")
    hold.hover()
    result.mouse.down()
    expect(clip).to_have_css("clip-path", "none")
    result.mouse.up()
    expect(clip).not_to_have_css("clip-path", "none")
    hold.focus()
    result.keyboard.down("Space")
    expect(clip).to_have_css("clip-path", "none")
    result.keyboard.up("Space")
    expect(clip).not_to_have_css("clip-path", "none")


def test_the_strip_shows_the_picture_after_each_stage(result):
    base, strip = result.locator(".after .base"), result.locator(".strip")
    strip.get_by_role("button", name="Upscale").click()
    expect(strip.get_by_role("button", name="Upscale")).to_have_attribute("aria-pressed", "true")
    expect(base).to_have_attribute("data-address", re.compile("layer=3"))
    strip.get_by_role("button", name="Result").click()
    expect(base).to_have_attribute("data-address", re.compile("layer=result"))


def test_a_slider_previews_while_it_is_dragged_and_is_exact_when_let_go(result):
    result.get_by_role("button", name="100 %").click()
    seen(result, "after")
    slider, plane = result.get_by_role("slider", name="Blur").first, result.locator(".plane.after")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    result.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    result.mouse.down()
    result.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    expect(plane).to_have_css("filter", 'url("#live-finish")')
    result.mouse.up()
    expect(plane).to_have_css("filter", "none")
    expect(result.locator(".after .detail")).to_have_attribute("data-address", re.compile(r"blur=1\."))
    shown, x, y = seen(result, "after")
    _, data = download(result)
    part = opened(data)[y : y + shown.shape[0], x : x + shown.shape[1]].astype(int)
    assert np.abs(part - shown).max() <= 1  # where a sum of floats lies on the border of two steps
    assert (part != shown).mean() < 1e-4
    assert result.get_by_role("button", name="Cancel").count() == 0
    result.get_by_role("button", name="Reset").click()
    assert slider.input_value() == "0"


def test_two_fingers_zoom_where_they_are(visit):
    page = visit(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Restore the coffee cup").click()
    restored(page)
    frame, base = page.locator(".viewer .frame"), page.locator(".after .base")
    frame.scroll_into_view_if_needed()
    width, before = (lambda: base.bounding_box()["width"]), base.bounding_box()["width"]
    spread(page, frame, 40, 80)
    assert width() == pytest.approx(2 * before, rel=0.05)
    spread(page, frame, 80, 40)
    assert width() == pytest.approx(before, rel=0.05)


def test_the_picture_fills_the_screen_when_asked(result):
    result.get_by_role("button", name="Full screen").click()
    result.wait_for_function("() => document.fullscreenElement !== null")
    assert result.locator(".frame").bounding_box()["height"] > 800
