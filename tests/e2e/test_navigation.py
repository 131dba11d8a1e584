"""Back, Forward, Reload and links do what a browser's user expects, and lose nothing."""

import pytest

from tests.e2e.steps import BUSY_MS, restore, sideways_jpeg, upload

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def start(page):
    return page.locator(".st-key-drop")


def heading(page, text):
    return page.get_by_role("heading", name=text)


def chosen(page, name):
    return page.get_by_role("radio", name=name, checked=True)


def test_back_and_forward_go_between_the_first_screen_and_the_photographs(page):
    upload(page, ("a.jpg", sideways_jpeg(200)), ("b.jpg", sideways_jpeg(220)))
    heading(page, "2 photographs").wait_for()
    page.go_back()
    start(page).wait_for()
    page.go_forward()
    heading(page, "2 photographs").wait_for()
    page.get_by_role("button", name="New photographs").click()
    start(page).wait_for()
    page.go_back()
    heading(page, "2 photographs").wait_for()


def test_back_takes_a_setting_back(page):
    upload(page, ("a.jpg", sideways_jpeg(200)))
    page.get_by_role("radio", name="×4").click()
    page.wait_for_url("**scale=4*")
    page.go_back()
    chosen(page, "×2").wait_for()
    page.reload()
    chosen(page, "×2").wait_for()


def test_the_page_of_models_leads_back_to_the_photograph_and_its_settings(page):
    upload(page, ("a.jpg", sideways_jpeg(200)))
    page.get_by_text("Colorize").click()
    page.get_by_role("link", name="Models").click()
    heading(page, "Models").wait_for()
    page.get_by_role("link", name="Studio").click()
    heading(page, "a.jpg").wait_for()
    assert page.get_by_role("switch", name="Colorize").is_checked()


def test_a_reload_while_a_photograph_is_restored_keeps_the_settings(page):
    upload(page, ("a.jpg", sideways_jpeg(900)))
    page.get_by_text("Repair damage").click()
    restore(page)
    page.get_by_role("button", name="Cancel").wait_for()
    page.reload()
    page.locator(".viewer").wait_for(timeout=BUSY_MS)
    page.get_by_text("Other settings").click()
    assert page.get_by_role("switch", name="Repair damage").is_checked()
