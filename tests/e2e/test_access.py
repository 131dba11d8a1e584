"""The page by keyboard, at phone width, in both themes, and under axe-core's rules."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.steps import restored, sideways_jpeg, upload

pytestmark = pytest.mark.browser


def serious(page):
    """What axe-core finds to be serious or critical, in words."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:150]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_screen_breaks_a_serious_rule(visit, theme):
    page = visit(color_scheme=theme)
    page.get_by_role("button", name="Restore the portrait").wait_for()
    assert not serious(page)
    upload(page, ("cup.jpg", sideways_jpeg(320)))
    page.get_by_role("button", name="Restore", exact=True).wait_for()
    page.get_by_role("radio", name="Advanced").click()
    page.get_by_role("slider", name="Threshold").wait_for()
    assert not serious(page)
    page.get_by_role("button", name="Restore", exact=True).click()
    restored(page)
    page.get_by_text("What was done").click()
    page.get_by_text("Perceptual blur").wait_for()
    assert not serious(page)
    page.get_by_role("link", name="Models").click()
    page.get_by_text("Real-ESRGAN x4plus").first.wait_for()
    assert not serious(page)


def press_until(page, key, locator, times=40):
    """Press a key until an element has the focus."""
    for _ in range(times):
        if locator.evaluate("e => e === e.getRootNode().activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{locator} was not reached by {times} times {key}")


def test_the_keyboard_is_enough(page):
    press_until(page, "Tab", page.get_by_role("button", name="Restore the coffee cup"))
    page.keyboard.press("Enter")
    restored(page)
    divider = page.locator(".divider")
    press_until(page, "Tab", divider)
    page.keyboard.press("Home")
    expect(divider).to_have_attribute("aria-valuenow", "0")
    press_until(page, "Tab", page.get_by_role("button", name="Download", exact=True))
    with page.expect_download() as caught:
        page.keyboard.press("Enter")
    assert caught.value.suggested_filename == "coffee_restored.png"


def test_nothing_is_wider_than_a_phone(visit):
    page = visit(viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True)
    wide = "() => document.querySelector('.stMain').scrollWidth - document.querySelector('.stMain').clientWidth"
    assert page.evaluate(wide) <= 0
    page.get_by_role("button", name="Restore the portrait").click()
    restored(page)
    assert page.evaluate(wide) <= 0
