"""The mask editor in a blank page, with a server that waits, fails or is slow."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from pipeline.methods.detection import grow
from tests.e2e.modules import Server, png

pytestmark = pytest.mark.browser

BUSY = {"status": 202, "json": {"state": "running"}, "headers": {"Retry-After": "0"}}
PHOTO = png(np.full((40, 80, 3), 128))
SPOT = np.zeros((40, 80), np.uint8)
SPOT[10:20, 10:30] = 200
NAMES = (
    "label",
    "help",
    "tools",
    "mark",
    "erase",
    "protect",
    "move",
    "size",
    "sensitivity",
    "undo",
    "redo",
    "in",
    "out",
)
LABELS = {name: name for name in (*NAMES, "fit", "hide", "clear", "load", "save")}
TOLD = {
    "growth": "and {pixels} px",
    "unreadable": "{name} is no picture",
    "shape": "{w0}x{h0} for {w1}x{h1}",
    "resized": "resized from {w0}x{h0}",
}
EDITOR = {
    "address": "studio/a/0/",
    "size": [80, 40],
    "isEdited": False,
    "model": "detector",
    "sensitivity": {"low": 0.05, "high": 0.95, "step": 0.05, "neutral": 0.5, "value": 0.5},
    "threshold": 0.5,
    "growth": 0,
    "file": "x_mask.png",
    "labels": LABELS
    | {"share": "{share} % marked", "looking": "Looking", "failed": "Failed:", "growth": "and {pixels} px"}
    | TOLD,
}


class TestMask:
    def editor(self, blank, *damage, mask=None, **data):
        self.damage, self.mask = Server(*damage), mask or Server({"status": 204})
        answers = {"plate": Server(PHOTO), "damage": self.damage, "mask": self.mask}
        blank.mount("mask/mask", EDITOR | data, **answers)
        return blank.page.locator(".state")

    def sent(self, page):
        page.locator(".mask[data-saved=true]").wait_for()
        with Image.open(io.BytesIO(self.mask.requests[-1].post_data_buffer)) as image:
            return np.asarray(image.convert("L"))

    def test_it_waits_for_the_damage_and_nothing_can_be_marked_meanwhile(self, blank):
        slow = {**BUSY, "headers": {"Retry-After": "2"}}
        share = self.editor(blank, slow, png(SPOT))
        expect(share).to_have_text("Looking")
        expect(blank.page.locator(".mask")).to_have_attribute("aria-busy", "true")
        blank.page.locator(".frame").press(" ")
        blank.page.locator(".frame").click()
        expect(blank.page.get_by_role("button", name="clear")).to_be_disabled()
        expect(share).to_have_text(f"{100 * 200 / 3200:.2f} % marked")
        expect(blank.page.locator(".mask")).to_have_attribute("aria-busy", "false")
        assert blank.page.locator(".mask[data-saved]").count() == 0
        assert self.damage.times[1] - self.damage.times[0] >= 2
        blank.page.locator(".frame").press(" ")
        assert (self.sent(blank.page)[SPOT > 0] == 255).all()

    def test_it_says_and_shows_how_far_the_marks_are_widened(self, blank):
        state = self.editor(blank, png(SPOT), growth=3)
        expect(state).to_have_text("6.25 % marked and 3 px")
        greens = blank.page.locator("canvas").evaluate("""e => {
            const { data } = e.getContext("2d").getImageData(0, 0, e.width, e.height)
            return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 1])
        }""")
        marked, rim = (sum(abs(green - wanted) < 8 for green in greens) for wanted in (76, 104))
        expected = grow(SPOT > 0, 3).sum() / (SPOT > 0).sum() - 1
        assert rim / marked == pytest.approx(expected, rel=0.1)

    def test_it_asks_for_the_detector_of_the_plan(self, blank):
        share = self.editor(blank, BUSY, BUSY, png(SPOT), model="my own.pth")
        expect(share).to_contain_text("marked")
        assert [request.url.split("?")[1] for request in self.damage.requests] == ["model=my+own.pth"] * 3

    def test_where_the_detector_fails_it_says_why_and_marking_by_hand_is_left(self, blank):
        share = self.editor(blank, {"status": 422, "body": "The model is missing."})
        expect(blank.page.get_by_role("alert")).to_have_text("Failed: The model is missing.")
        expect(share).to_have_text("0.00 % marked")
        blank.page.locator(".frame").press(" ")
        assert (self.sent(blank.page) == 255).any()

    def test_leaving_the_page_stops_the_polling(self, blank):
        with blank.page.expect_request("**/damage?*"):
            self.editor(blank, BUSY)
        blank.page.evaluate("document.body.replaceChildren()")
        blank.page.wait_for_timeout(100)
        asked = len(self.damage.requests)
        blank.page.wait_for_timeout(300)
        assert len(self.damage.requests) == asked

    def test_the_kept_mask_is_shown_and_survives_a_lost_detector(self, blank):
        share = self.editor(blank, {"status": 422, "body": "Gone."}, mask=Server(png(SPOT)), isEdited=True)
        expect(share).to_have_text("6.25 % marked")
        expect(blank.page.get_by_role("button", name="undo")).to_be_disabled()

    def test_where_the_kept_mask_is_not_found_it_is_not_overwritten(self, blank):
        lost = Server({"status": 404, "body": "This album is no longer kept."})
        self.editor(blank, png(SPOT), mask=lost, isEdited=True)
        expect(blank.page.get_by_role("alert")).to_have_text("Failed: This album is no longer kept.")
        blank.page.locator(".frame").press(" ")
        assert blank.page.locator(".mask[data-saved]").count() == 0

    def test_the_sensitivity_has_the_range_of_the_plan(self, blank):
        certainties = np.tile(np.arange(0, 240, 3, np.uint8), (40, 1))
        span = {"low": 0.1, "high": 0.8, "step": 0.1, "neutral": 0.5, "value": 0.2}
        share = self.editor(blank, png(certainties), sensitivity=span)
        slider = blank.page.get_by_role("slider", name="sensitivity")
        assert [slider.get_attribute(name) for name in ("min", "max", "step")] == ["0.1", "0.8", "0.1"]
        expect(share).to_have_text(f"{(certainties > 204).mean():.2%}".replace("%", " % marked"))
        slider.press("End")
        expect(share).to_have_text(f"{(certainties > 51).mean():.2%}".replace("%", " % marked"))
        assert ((self.sent(blank.page) == 255) == (certainties > 51)).all()

    def test_what_changes_while_a_mask_is_sent_is_sent_after_it(self, blank):
        held = []
        expect(self.editor(blank, png(SPOT), mask=lambda route: held.append(route))).to_contain_text("marked")
        frame = blank.page.locator(".frame")
        with blank.page.expect_request("**/mask"):
            frame.press(" ")
        for _ in range(3):
            frame.press("Shift+ArrowRight")
            frame.press(" ")
        blank.page.wait_for_timeout(100)
        assert len(held) == 1
        with blank.page.expect_request("**/mask"):
            held[0].fulfill(status=204)
        blank.page.wait_for_timeout(50)
        held[1].fulfill(status=204)
        blank.page.locator(".mask[data-saved=true]").wait_for()
        assert len(held) == 2
        masks = [Image.open(io.BytesIO(route.request.post_data_buffer)).convert("L") for route in held]
        assert (np.asarray(masks[1]) == 255).sum() > (np.asarray(masks[0]) == 255).sum()

    def load(self, page, name, data):
        page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})

    def test_strokes_on_a_transparent_layer_mark_damage(self, blank):
        self.editor(blank, png(np.zeros((40, 80), np.uint8)))
        expect(blank.page.locator(".state")).to_have_text("0.00 % marked")
        for opacity in (255, 120):
            layer = np.zeros((40, 80, 4), np.uint8)
            layer[SPOT > 0] = (0, 0, 0, opacity)
            self.load(blank.page, "layer.png", png(layer)["body"])
            expect(blank.page.locator(".state")).to_have_text("6.25 % marked")
            assert (self.sent(blank.page) == np.where(SPOT, 255, 0)).all()
            blank.page.locator("[data-do=clear]").click()
        expect(blank.page.locator(".told")).to_be_hidden()

    def test_a_mask_of_another_size_is_told_and_of_another_shape_refused(self, blank):
        self.editor(blank, png(np.zeros((40, 80), np.uint8)))
        expect(blank.page.locator(".state")).to_have_text("0.00 % marked")
        self.load(blank.page, "notes.txt", b"a scratch at the left edge")
        expect(blank.page.locator(".told")).to_have_text("notes.txt is no picture")
        self.load(blank.page, "other.png", png(np.full((80, 40), 255))["body"])
        expect(blank.page.locator(".told")).to_have_text("40x80 for 80x40")
        assert self.mask.requests == []
        self.load(blank.page, "large.png", png(SPOT.repeat(2, axis=0).repeat(2, axis=1))["body"])
        expect(blank.page.locator(".told")).to_have_text("resized from 160x80")
        assert (self.sent(blank.page) == np.where(SPOT, 255, 0)).mean() > 0.98
