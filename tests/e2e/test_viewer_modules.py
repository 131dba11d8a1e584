"""What the viewer's JavaScript computes: places, zoom, which pixels are fetched, the divider, the live finish."""

import pytest

pytestmark = pytest.mark.browser

GEOMETRY, VIEW, FETCHING = "viewer/geometry.js", "viewer/view.js", "viewer/fetching.js"
DIVIDER, FINISH, STRIP = "viewer/divider.js", "viewer/finish.js", "viewer/strip.js"
FIGURES = "viewer/figures.js"


def size(width, height):
    return {"width": width, "height": height}


def place(scale, x, y):
    return {"scale": scale, "x": x, "y": y}


class TestGeometry:
    def test_the_whole_picture_fits_and_a_small_one_is_not_enlarged(self, js):
        assert js.call(GEOMETRY, "fitScale", size(400, 100), size(200, 200)) == 0.5
        assert js.call(GEOMETRY, "fitScale", size(100, 400), size(200, 200)) == 0.5
        assert js.call(GEOMETRY, "fitScale", size(20, 10), size(200, 200)) == 1
        assert js.call(GEOMETRY, "fitScale", size(20, 10), size(200, 200), 4) == 4

    def test_a_frame_is_as_high_as_the_fitted_picture_within_the_window(self, js):
        assert js.call(GEOMETRY, "frameHeight", size(1000, 800), 500, 1000) == 400
        assert js.call(GEOMETRY, "frameHeight", size(100, 8000), 500, 1000) == 600
        assert js.call(GEOMETRY, "frameHeight", size(1000, 10), 500, 1000) == 220
        assert js.call(GEOMETRY, "frameHeight", size(100, 80), 500, 1000, 4) == 320

    def test_a_large_picture_leaves_no_gap_and_a_small_one_is_centred(self, js):
        frame = size(200, 100)
        assert js.call(GEOMETRY, "settled", place(1, 30, -900), size(400, 400), frame, 1) == place(1, 0, -300)
        assert js.call(GEOMETRY, "settled", place(1, -50, -60), size(400, 400), frame, 1) == place(1, -50, -60)
        assert js.call(GEOMETRY, "settled", place(0.5, 7, 7), size(100, 100), frame, 1) == place(0.5, 75, 25)

    def test_a_picture_lies_on_whole_pixels_of_the_screen(self, js):
        moved = js.call(GEOMETRY, "settled", place(1, -10.3, -10.3), size(400, 400), size(200, 100), 2)
        assert moved == place(1, -10.5, -10.5)

    def test_zooming_keeps_the_point_under_the_pointer(self, js):
        before, point = place(0.5, -20, 10), {"x": 60, "y": 35}
        after = js.call(GEOMETRY, "zoomed", before, 2, point)
        assert after["scale"] == 2
        assert js.call(GEOMETRY, "onPicture", point, after) == js.call(GEOMETRY, "onPicture", point, before)
        assert js.call(GEOMETRY, "onPicture", point, before) == {"x": 160, "y": 50}

    def test_the_visible_part_is_in_whole_pixels_of_the_picture(self, js):
        part = js.call(GEOMETRY, "visiblePart", place(2, -21, -40), size(400, 300), size(100, 60))
        assert part == {"x": 10, "y": 20, "width": 51, "height": 30}
        whole = js.call(GEOMETRY, "visiblePart", place(0.1, 80, 35), size(400, 300), size(200, 100))
        assert whole == {"x": 0, "y": 0, "width": 400, "height": 300}
        outside = js.call(GEOMETRY, "visiblePart", place(1, -500, -500), size(400, 300), size(100, 60))
        assert (outside["width"], outside["height"]) == (1, 1)

    def test_two_fingers_shift_and_zoom_around_their_middle(self, js):
        moved = js.call(GEOMETRY, "pinched", {"x": 100, "y": 50}, {"x": 200, "y": 50}, {"x": 0, "y": 50})
        assert moved == {"x": 50, "y": 0, "factor": 2, "middle": {"x": 100, "y": 50}}
        met = js.call(GEOMETRY, "pinched", {"x": 5, "y": 0}, {"x": 0, "y": 0}, {"x": 0, "y": 0})
        assert met["factor"] == pytest.approx(0.2)


class TestView:
    """A picture of 1000 x 500 pixels in a frame of 500 x 400, two device pixels per CSS pixel."""

    def after(self, js, *steps):
        body = """(module, steps) => {
            const view = new module.View({ width: 1000, height: 500 })
            view.resize({ width: 500, height: 400 }, 2)
            for (const [name, ...args] of steps) view[name](...args)
            const { place, isFitted, isCropped, percent } = view
            return { place, isFitted, isCropped, percent }
        }"""
        return js.run(VIEW, body, steps)

    def test_it_begins_fitted_and_stays_so_when_the_frame_changes(self, js):
        assert self.after(js)["place"] == place(0.5, 0, 75)
        assert self.after(js, ["resize", size(250, 400), 2])["place"]["scale"] == 0.25

    def test_a_zoomed_picture_keeps_its_scale_when_the_frame_changes(self, js):
        seen = self.after(js, ["zoomBy", 2], ["resize", size(250, 400), 2])
        assert seen["place"]["scale"] == 1
        assert not seen["isFitted"]

    def test_zoom_ends_at_the_fitted_picture_and_at_eight_device_pixels(self, js):
        assert self.after(js, ["zoomBy", 100])["place"]["scale"] == 4
        least = self.after(js, ["zoomBy", 3], ["zoomBy", 0.01])
        assert least["place"] == place(0.5, 0, 75)
        assert least["isFitted"]

    def test_100_percent_is_one_pixel_on_each_pixel_of_the_screen(self, js):
        full = self.after(js, ["zoomBy", 3], ["full"])
        assert full["place"]["scale"] == 0.5
        assert full["percent"] == "100 %"

    def test_a_double_click_goes_to_100_percent_and_back(self, js):
        once = self.after(js, ["resize", size(100, 100), 2], ["toggleFull", {"x": 0, "y": 50}])
        assert once["place"]["scale"] == 0.5
        assert once["place"]["x"] == 0
        twice = self.after(js, ["resize", size(100, 100), 2], ["toggleFull"], ["toggleFull"])
        assert twice["place"]["scale"] == 0.1

    def test_it_says_whether_a_part_is_outside_the_frame(self, js):
        assert not self.after(js)["isCropped"]
        assert self.after(js, ["zoomBy", 1.1])["isCropped"]

    def test_panning_stops_at_the_edge(self, js):
        assert self.after(js, ["zoomBy", 2], ["pan", -100, -20])["place"] == place(1, -350, -70)
        assert self.after(js, ["zoomBy", 2], ["pan", -9000, 9000])["place"] == place(1, -500, 0)

    def test_every_change_of_place_is_announced(self, js):
        body = """(module) => {
            let count = 0
            const view = new module.View({ width: 10, height: 10 }, 1, () => count++)
            view.resize({ width: 5, height: 5 }, 1)
            for (const name of ["fit", "full"]) view[name]()
            view.pan(1, 1)
            return count
        }"""
        assert js.run(VIEW, body) == 4


class TestFetching:
    def test_the_whole_picture_is_fetched_at_the_size_of_the_screen(self, js):
        assert js.call(FETCHING, "wholeWidth", size(4000, 2000), size(500, 500), 2, 4096) == 1000
        assert js.call(FETCHING, "wholeWidth", size(300, 200), size(500, 500), 2, 4096) == 300

    def test_it_is_never_wider_than_what_the_server_sends(self, js):
        assert js.call(FETCHING, "wholeWidth", size(6000, 3000), size(5120, 2880), 1, 4096) == 4096
        assert js.call(FETCHING, "wholeWidth", size(3000, 6000), size(5120, 9000), 1, 4096) == 2048

    def test_no_more_pixels_are_needed_than_the_picture_has(self, js):
        assert js.call(FETCHING, "neededWidth", size(1000, 500), 0.25) == 250
        assert js.call(FETCHING, "neededWidth", size(1000, 500), 3) == 1000

    def test_the_visible_part_is_fetched_where_the_whole_is_too_coarse(self, js):
        part = {"rectangle": {"x": 1, "y": 2, "width": 101, "height": 50}, "needed": 500, "size": size(1000, 500)}
        assert js.call(FETCHING, "detail", part, 500) is None
        assert js.call(FETCHING, "detail", part, 496) is None
        assert js.call(FETCHING, "detail", part, 400) == {"rectangle": part["rectangle"], "width": 51}

    def test_a_part_lies_over_its_place_in_the_whole(self, js):
        shares = js.call(FETCHING, "shares", {"x": 100, "y": 50, "width": 500, "height": 25}, size(1000, 500))
        assert shares == {"left": "10%", "top": "10%", "width": "50%", "height": "5%"}

    def test_an_address_holds_all_that_a_view_depends_on(self, js):
        whole = {"run": "r1", "layer": "result", "width": 99.2}
        assert js.call(FETCHING, "viewQuery", whole, None, {"blur": 0.5}) == "run=r1&layer=result&out=100&blur=0.5"
        part = js.call(FETCHING, "viewQuery", whole | {"layer": 2}, {"x": 1, "y": 2, "width": 3, "height": 4})
        assert part == "run=r1&layer=2&out=100&x=1&y=2&w=3&h=4"


def test_the_strip_leaves_out_stages_that_changed_nothing(js):
    stages = [
        {"name": "denoise", "label": "Denoise", "layer": 1, "changed": False},
        {"name": "upscale", "label": "Upscale", "layer": 2, "changed": True},
    ]
    labels = {"photo": "Original", "result": "Result"}
    data = {"stages": stages, "photo": 0, "result": "result", "labels": labels}
    entries = js.call(STRIP, "stripEntries", data)
    assert [(entry["layer"], entry["label"]) for entry in entries] == [
        (0, "Original"),
        (2, "Upscale"),
        ("result", "Result"),
    ]


class TestDivider:
    def test_it_follows_a_pointer_and_stays_in_the_frame(self, js):
        assert js.call(DIVIDER, "percentAt", 50, 200) == 25
        assert js.call(DIVIDER, "percentAt", -5, 200) == 0
        assert js.call(DIVIDER, "percentAt", 900, 200) == 100

    @pytest.mark.parametrize(
        ("key", "is_fast", "percent"),
        [
            ("ArrowLeft", False, 48),
            ("ArrowRight", True, 60),
            ("Home", False, 0),
            ("End", False, 100),
            ("x", False, None),
        ],
    )
    def test_keys_move_it(self, js, key, is_fast, percent):
        assert js.call(DIVIDER, "percentAfter", key, 50, is_fast) == percent

    def test_keys_stop_at_the_edges(self, js):
        assert js.call(DIVIDER, "percentAfter", "ArrowLeft", 1, False) == 0
        assert js.call(DIVIDER, "percentAfter", "ArrowRight", 95, True) == 100

    def test_a_pointer_divides_pans_or_pinches(self, js):
        assert js.call(DIVIDER, "dragMode", 1, False, False) == "divide"
        assert js.call(DIVIDER, "dragMode", 1, False, True) == "pan"
        assert js.call(DIVIDER, "dragMode", 1, True, True) == "divide"
        assert js.call(DIVIDER, "dragMode", 2, True, True) == "pinch"


class TestFinish:
    def test_the_browsers_filter_scales_with_the_picture(self, js):
        shown = js.call(FINISH, "liveFilter", {"blur": 2, "sharpen": 0.5}, 1.2, 0.5)
        assert shown == {"blur": 1, "mask": 0.6, "k2": 1.5, "k3": -0.5}

    def test_strengths_are_sent_in_the_order_of_stages(self, js):
        stages = [{"name": "denoise"}, {"name": "tone"}, {"name": "upscale"}]
        assert js.call(FINISH, "strengthsText", stages, {"upscale": 0.25, "denoise": 0}, 1) == "0,1,0.25"

    def test_values_are_written_as_people_read_them(self, js):
        assert js.call(FIGURES, "decimalText", 0.5) == "0.50"
        assert js.call(FINISH, "percentText", 0.55) == "55 %"

    def test_decimals_are_written_as_the_language_of_the_page_does(self, js):
        js.page.evaluate("document.documentElement.lang = 'de'")
        assert js.call(FIGURES, "decimalText", 0.5) == "0,50"
        js.page.evaluate("document.documentElement.lang = ''")
