"""Faces in a real browser: their outlines and list, the address, and each before and after."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.modules import UI, Server, png
from tests.e2e.steps import download, restore, restored, upload
from tests.e2e.test_access import press_until, serious

pytestmark = pytest.mark.browser

PORTRAIT = (Path(__file__).parents[2] / "examples" / "astronaut_before.jpg").read_bytes()
LABELS = ("label", "all", "strength.all", "reset", "alt")


def face_switch(page):
    return page.get_by_role("switch", name="Face 1")


@pytest.fixture
def listed(page):
    """The portrait with the list of its faces."""
    upload(page, ("portrait.jpg", PORTRAIT))
    page.get_by_text("A face was found").wait_for()
    page.get_by_text("Restore faces", exact=True).click()
    face_switch(page).wait_for()
    return page


def test_the_face_is_outlined_and_its_strength_stands_in_the_address(listed):
    assert not serious(listed)
    oval, picture = listed.locator(".oval").bounding_box(), listed.locator(".faces img").bounding_box()
    middle = (oval["x"] + oval["width"] / 2 - picture["x"]) / picture["width"]
    assert middle == pytest.approx(0.44, abs=0.03)
    press_until(listed, "Tab", listed.get_by_role("slider", name="Strength for face 1"))
    listed.keyboard.press("ArrowLeft")
    listed.wait_for_url("**faces.strengths=*0.8000*")
    listed.reload()
    expect(listed.get_by_role("slider", name="Strength for face 1")).to_have_value("0.8")
    listed.go_back()
    expect(listed.get_by_role("slider", name="Strength for face 1")).to_have_value("0.85")


def test_a_face_that_is_switched_off_is_left_alone(listed):
    face_switch(listed).click(force=True)
    expect(listed.locator(".oval.off")).to_have_count(1)
    listed.wait_for_url("**faces.strengths=*")
    restore(listed)
    restored(listed)
    listed.get_by_text("The face was left alone: switched off.").wait_for()
    assert listed.locator(".proof img").count() == 1


def test_each_face_is_shown_before_and_after_at_its_own_size(listed):
    restore(listed)
    restored(listed)
    proof = listed.locator(".proof")
    proof.get_by_text("Same person: ").wait_for()
    proof.get_by_text("Similarity before and after 0.").wait_for()
    proof.scroll_into_view_if_needed()
    for name in ("Before", "After"):
        image = proof.get_by_alt_text(f"Face 1: {name}")
        expect(image).to_have_js_property("complete", True)
        shown, own = image.evaluate("e => [[e.width, e.height], [e.naturalWidth, e.naturalHeight]]")
        assert shown == own
        assert own[0] > 150  # a face of 70 pixels, enlarged by 2, and what is around it
    assert not serious(listed)
    outlines = listed.locator(".viewer .after .oval")
    expect(outlines).to_be_hidden()
    listed.locator(".viewer [data-do=faces]").click()
    expect(outlines).to_be_visible()
    _, settings = download(listed, "Settings")
    assert json.loads(settings)["stages"]["faces"]["strength"] == 0.85


class TestList:
    """Thirty faces in a blank page."""

    def mount(self, blank, count=30, **face):
        faces = [
            {"number": at + 1, "box": [at / count, 0.5, (at + 1) / 1000, 0.1], "reason": "", "strength": None, **face}
            for at in range(count)
        ]
        filled = {"face": "Face {number}", "strength": "Strength of {number}", "more": f"All {count}"}
        data = {
            "image": "photo.png",
            "faces": faces,
            "strength": {"low": 0, "high": 1, "step": 0.05, "neutral": 0.7, "value": 0.7},
            "most": 12,
            "labels": {name: name for name in LABELS} | filled,
        }
        blank.mount("faces/faces", data, **{"photo.png": Server(png([[[90, 80, 70]]]))})
        return blank.page

    def test_the_largest_come_first_and_all_on_demand(self, blank):
        page = self.mount(blank)
        switches = page.locator("li").get_by_role("switch")
        expect(switches).to_have_count(12)
        expect(page.locator(".oval")).to_have_count(30)
        assert page.locator("li").first.get_attribute("data-number") == "19"
        page.get_by_role("button", name="All 30").click()
        expect(switches).to_have_count(30)
        expect(page.get_by_role("button", name="All 30")).to_be_hidden()
        expect(page.get_by_role("switch", name="Face 1", exact=True)).to_be_focused()  # the first that was not there

    def test_a_face_that_may_be_left_alone_says_why_and_can_be_switched_off(self, blank):
        page = self.mount(blank, 1, reason="Probably left alone: too small")
        page.get_by_text("Probably left alone: too small").wait_for()
        expect(page.locator(".oval.off")).to_have_count(1)
        page.get_by_role("switch", name="Face 1").click()
        expect(page.locator("li")).not_to_have_class("left")
        expect(page.get_by_role("switch", name="Face 1")).not_to_be_checked()


def test_a_face_larger_than_its_place_is_shown_whole_and_on_demand_pixel_by_pixel(blank):
    face = {"number": 1, "verdict": "Same", "figures": "", "pictures": ["a/view", "b/view"], "label": "Face 1"}
    labels = {name: name for name in ("label", "before", "after", "full")}
    pixels = np.zeros((900, 900, 3), np.uint8)
    blank.mount("faces/proof", {"faces": [face], "labels": labels}, view=Server(png(pixels)))
    blank.page.add_style_tag(path=UI / "faces" / "proof.css")
    button = blank.page.get_by_role("button", name="Face 1: full")
    button.click()
    first, second = (blank.page.get_by_role("group", name=f"Face 1: {name}") for name in ("before", "after"))
    assert first.locator("img").evaluate("e => e.width") == 900
    first.evaluate("e => e.scrollTo(50, 70)")
    blank.page.wait_for_function("() => [...document.querySelectorAll('.window')].every(e => e.scrollTop === 70)")
    assert second.evaluate("e => e.scrollLeft") == 50
    button.click()
    assert blank.page.locator("img").first.evaluate("e => e.width") < 500
    expect(first).to_have_count(0)
