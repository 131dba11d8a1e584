"""Colours that a person sets on the photograph, in a real browser: by mouse, by keys, and in the address."""

from urllib.parse import parse_qs, urlsplit

import cv2
import pytest
from playwright.sync_api import expect

from tests.e2e.modules import UI, Server, png
from tests.e2e.steps import upload
from tests.e2e.test_access import serious
from tests.photographs import photograph

pytestmark = pytest.mark.browser

NAMES = ("label", "palette", "free", "help", "add", "remove", "clear", "alt")
LABELS = {name: name for name in NAMES} | {"point": "Point {number}"}
DATA = {
    "image": "photo.png",
    "points": [{"x": 0.5, "y": 0.5, "colour": "#808080"}],
    "most": 3,
    "palette": [{"colour": "#a63a36", "label": "Red"}, {"colour": "#808080", "label": "Grey"}],
    "labels": LABELS,
}


def grey_jpeg():
    grey = cv2.cvtColor((photograph("coffee", 300) * 255).astype("uint8"), cv2.COLOR_RGB2GRAY)
    return cv2.imencode(".jpg", grey)[1].tobytes()


def hints(page):
    return parse_qs(urlsplit(page.url).query).get("colorize.hints", [""])[0].split()


def test_a_colour_that_is_clicked_stands_in_the_address_and_is_found_after_a_reload(page):
    upload(page, ("cup.jpg", grey_jpeg()))
    page.get_by_text("Colorize", exact=True).click()
    page.get_by_text("Set colours yourself", exact=True).click()
    picture = page.get_by_alt_text("Your photograph cup.jpg")
    page.get_by_role("radio", name="Red cloth").click()
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    page.wait_for_url("**colorize.hints=*")
    assert not serious(page)
    (hint,) = hints(page)
    x, y, colour = hint.split(",")
    assert (float(x), float(y)) == pytest.approx((0.25, 0.5), abs=0.02)
    assert colour == "#a63a36"
    page.reload()
    page.get_by_text("Set colours yourself", exact=True).click()
    expect(page.get_by_role("button", name="Point 1")).to_be_visible()


class TestEditor:
    """The editor in a blank page, which keeps what it sends."""

    @pytest.fixture
    def page(self, blank):
        blank.mount("hints/hints", DATA, **{"photo.png": Server(png([[[90, 80, 70]] * 300] * 200))})
        for sheet in ("viewer/controls", "hints/hints"):
            blank.page.add_style_tag(path=UI / f"{sheet}.css")
        expect(blank.page.locator("img")).to_have_js_property("naturalWidth", 300)
        return blank.page

    def sent(self, page):
        return page.evaluate("window.sent.at(-1)[1]").split()

    def test_by_keys_alone_a_point_is_set_moved_coloured_and_removed(self, page):
        page.get_by_role("button", name="add").press("Enter")
        point = page.get_by_role("button", name="Point 2")
        expect(point).to_be_focused()
        point.press("ArrowRight")
        point.press("Shift+ArrowUp")
        assert self.sent(page)[1] == "0.5100,0.4500,#a63a36"
        page.get_by_role("radio", name="Grey").press("Enter")
        assert self.sent(page)[1] == "0.5100,0.4500,#808080"
        point.press("Delete")
        assert self.sent(page) == ["0.5000,0.5000,#808080"]
        page.get_by_role("button", name="clear").press("Enter")
        assert self.sent(page) == []

    def test_a_point_follows_the_mouse_and_stays_on_the_picture(self, page):
        box = page.get_by_role("button", name="Point 1").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 40, page.locator("img").bounding_box()["y"] - 10, steps=4)
        page.mouse.up()
        x, y, colour = self.sent(page)[0].split(",")
        assert float(x) > 0.55
        assert (float(y), colour) == (0, "#808080")

    def test_a_colour_picked_after_a_click_is_that_of_the_next_point(self, page):
        picture = page.locator("img")
        picture.click(position={"x": 20, "y": 20})
        page.get_by_role("radio", name="Grey").click()
        picture.click(position={"x": 60, "y": 20})
        assert [hint.split(",")[2] for hint in self.sent(page)] == ["#808080", "#a63a36", "#808080"]

    def test_an_answer_that_is_late_takes_no_newer_point_away(self, page, blank):
        for x in (20, 60):
            page.locator("img").click(position={"x": x, "y": 20})
        late, last = (
            [dict(zip("xyc", hint.split(","), strict=True)) for hint in sent[1].split()]
            for sent in page.evaluate("window.sent")
        )
        for points, count in ((late, 3), (last, 3), (late, 2)):  # the third is another page of the browser's history
            given = [{"x": float(p["x"]), "y": float(p["y"]), "colour": p["c"]} for p in points]
            blank.update(DATA | {"points": given})
            expect(page.locator(".points button")).to_have_count(count)

    def test_a_point_that_is_pressed_takes_the_colour_picked_next(self, page):
        page.get_by_role("button", name="Point 1").click()
        page.get_by_role("radio", name="Red").click()
        assert self.sent(page)[0].endswith("#a63a36")

    def test_no_more_points_are_set_than_the_address_takes(self, page):
        for _ in range(2):
            page.get_by_role("button", name="add").click()
        expect(page.get_by_role("button", name="add")).to_be_disabled()
        page.locator("img").click(position={"x": 20, "y": 20})
        expect(page.locator(".points button")).to_have_count(3)
