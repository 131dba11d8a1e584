"""The viewer in a blank page: what it takes from the server's data, and what it asks for and sends."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.modules import UI, Server, png

pytestmark = pytest.mark.browser

PHOTO = png(np.full((40, 80, 3), 128))


class TestViewer:
    """A picture of 1000 x 500 pixels in a page half as wide, after two stages, one of which changed nothing."""

    def mount(self, blank, **data):
        names = ("label", "before", "after", "divider", "fit", "full", "in", "out", "hold", "screen", "strip", "photo")
        more = ("result", "help", "failed", "title", "blur", "sharpen", "strengths", "reset")
        stages = [
            {"name": "tone", "label": "Tone", "layer": 1, "changed": False, "strength": 1},
            {"name": "upscale", "label": "Upscale", "layer": 2, "changed": True, "strength": 0.25},
        ]
        known = {
            "address": "studio/a/0/",
            "run": "r1",
            "size": [1000, 500],
            "photo": 0,
            "result": "end",
            "maxSide": 4096,
            "radius": 6,
            "stages": stages,
            "strength": {"low": 0, "high": 1, "step": 0.05, "neutral": 1},
            "faces": [],
            "sliders": {
                "blur": {"low": 0, "high": 4, "step": 0.5, "neutral": 0, "value": 1.5},
                "sharpen": {"low": 0, "high": 2, "step": 0.1, "neutral": 0, "value": 0},
            },
            "labels": {name: name for name in names + more},
        }
        self.finish = Server({"status": 204})
        blank.mount("viewer/viewer", known | data, view=Server(PHOTO), finish=self.finish)
        blank.page.locator(".after .base[src]").wait_for()
        return blank.page

    def address(self, page, side="after"):
        return page.locator(f".{side} .base").get_attribute("data-address")

    def test_sliders_have_the_ranges_and_values_of_the_server(self, blank):
        page = self.mount(blank)
        blur = page.get_by_role("slider", name="blur")
        assert [blur.get_attribute(name) for name in ("min", "max", "step")] == ["0", "4", "0.5"]
        assert blur.input_value() == "1.5"
        page.get_by_text("strengths").click()
        assert page.locator(".strengths").get_by_role("slider").count() == 1
        assert page.locator(".strengths output").inner_text() == "25 %"

    def test_a_view_is_asked_for_by_the_names_of_the_server(self, blank):
        page = self.mount(blank)
        assert self.address(page, "before") == "studio/a/0/view?run=r1&layer=0&out=500"
        assert "layer=end&out=500&strengths=1%2C0.25&blur=1.5&sharpen=0" in self.address(page)
        page.get_by_role("button", name="Upscale").click()
        expect(page.locator(".after .base")).to_have_attribute("data-address", "studio/a/0/view?run=r1&layer=2&out=500")

    def test_a_long_name_stays_within_its_button(self, blank):
        stage = {"name": "x", "label": "Устранение размытости", "layer": 1, "changed": True, "strength": 1}
        page = self.mount(blank, stages=[stage])
        for sheet in ("controls", "viewer"):
            page.add_style_tag(path=UI / "viewer" / f"{sheet}.css")
        button = page.get_by_role("button", name=stage["label"])
        assert button.locator("span").bounding_box()["width"] < button.bounding_box()["width"]

    def test_the_whole_picture_is_no_larger_than_the_server_sends(self, blank):
        assert "out=300" in self.address(self.mount(blank, maxSide=300))

    def test_the_live_filter_has_the_radius_of_the_server(self, blank):
        page = self.mount(blank)
        page.evaluate("document.querySelector('[name=sharpen]').value = 0.5")
        page.locator("[name=sharpen]").dispatch_event("input")
        expect(page.locator(".plane.after")).to_have_css("filter", 'url("#live-finish")')
        filters = [page.locator(f"filter .{name}") for name in ("blur", "mask", "sharpen")]
        assert filters[0].get_attribute("stdDeviation") == "0.75"
        assert filters[1].get_attribute("stdDeviation") == "3"
        assert (filters[2].get_attribute("k2"), filters[2].get_attribute("k3")) == ("1.5", "-0.5")

    def test_a_finish_is_sent_when_a_slider_is_let_go_and_reset_to_neutral(self, blank):
        page = self.mount(blank)
        with page.expect_request("**/finish"):
            page.get_by_role("slider", name="blur").press("End")
        sent = {"blur": 4, "sharpen": 0, "strengths": {"upscale": 0.25}, "run": "r1"}
        assert self.finish.requests[-1].post_data_json == sent
        with page.expect_request("**/finish"):
            page.get_by_role("button", name="reset").click()
        assert self.finish.requests[-1].post_data_json == sent | {"blur": 0, "strengths": {"upscale": 1}}

    def test_a_failure_to_send_the_finish_is_shown(self, blank):
        page = self.mount(blank)
        self.finish.answers = [{"status": 409, "body": "This photograph was restored again."}]
        page.get_by_role("slider", name="blur").press("End")
        expect(page.get_by_role("alert")).to_have_text("failed")
