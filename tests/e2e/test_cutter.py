"""The cutter in a real browser: found outlines, dragged corners, keys, and the geometry behind them."""

import cv2
import numpy as np
import pytest

from tests.e2e.steps import upload
from tests.e2e.test_access import serious
from tests.photographs import photograph

pytestmark = pytest.mark.browser

SHAPES = "cutter/shapes.js"
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
SIZE = {"width": 400, "height": 200}


def page_of_prints():
    glass = np.full((900, 1200, 3), 0.93, np.float32)
    glass[100:380, 100:480] = photograph("chelsea", 460)[:280, :380]
    glass[500:780, 650:1030] = photograph("coffee", 500)[:280, :380]
    return cv2.imencode(".jpg", (glass[..., ::-1] * 255).astype(np.uint8))[1].tobytes()


@pytest.fixture
def cutter(page):
    upload(page, ("page.jpg", page_of_prints()))
    page.get_by_text("This looks like a scan of 2 photographs").wait_for()
    page.get_by_text("Crop, turn or split").last.locator("xpath=ancestor::label").or_(
        page.get_by_role("switch", name="Crop, turn or split")
    ).first.click(force=True)
    page.locator(".cutter").wait_for()
    return page


def corner(page, number):
    return page.get_by_role("button", name=f"Corner {number}")


def test_a_page_of_prints_is_split_and_put_back(cutter):
    assert not serious(cutter)
    cutter.get_by_role("button", name="Cut out 2 photographs").click()
    cutter.get_by_role("heading", name="2 photographs").wait_for()
    cutter.locator(".st-key-open-1").get_by_role("button").click()
    cutter.get_by_role("heading", name="page_1.png").wait_for()
    cutter.get_by_role("button", name="Undo the cut").click()
    cutter.get_by_role("heading", name="page.jpg").wait_for()


def test_a_corner_follows_the_mouse_and_the_keys(cutter):
    handle = corner(cutter, 1)
    before = handle.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    cutter.mouse.move(x, y)
    cutter.mouse.down()
    cutter.mouse.move(x - 20, y - 10, steps=4)
    cutter.mouse.up()
    dragged = handle.bounding_box()
    assert (dragged["x"] - before["x"], dragged["y"] - before["y"]) == pytest.approx((-20, -10), abs=1)
    assert corner(cutter, 2).bounding_box()["y"] == pytest.approx(dragged["y"], abs=1)  # it is a rectangle still
    assert corner(cutter, 4).bounding_box()["x"] == pytest.approx(dragged["x"], abs=1)
    handle.focus()
    cutter.keyboard.press("Shift+ArrowRight")
    assert handle.bounding_box()["x"] > dragged["x"] + 3
    assert handle.evaluate("e => e === e.getRootNode().activeElement")


def test_an_outline_is_removed_and_added(cutter):
    cutter.locator(".cutter").get_by_role("button", name="Remove").click()
    cutter.get_by_role("button", name="Cut out", exact=True).wait_for()
    cutter.locator(".cutter").get_by_role("button", name="Add").click()
    cutter.get_by_role("button", name="Cut out 2 photographs").wait_for()


class TestShapes:
    def test_four_quarter_turns_are_none(self, js):
        corners = SQUARE
        for _ in range(4):
            corners = js.call(SHAPES, "turned", corners, 1)
        assert corners == SQUARE
        assert js.call(SHAPES, "turned", js.call(SHAPES, "turned", SQUARE, 1), -1) == SQUARE
        assert js.call(SHAPES, "turned", SQUARE, 1)[0] == [0, 1]  # what was at the bottom left is at the top left

    def test_a_corner_stays_in_the_picture_and_the_outline_convex(self, js):
        assert js.call(SHAPES, "moved", SQUARE, 0, [-3, 0.2])[0] == [0, 0.2]
        assert js.call(SHAPES, "moved", SQUARE, 0, [0.9, 0.9]) == SQUARE

    @pytest.mark.parametrize("index", range(4))
    @pytest.mark.parametrize("angle", [0, 10])
    def test_a_rectangle_stays_one_where_a_corner_is_moved(self, js, index, angle):
        inner = js.call(SHAPES, "straightened", [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]], angle, SIZE)
        to = [inner[index][0] + (0.05 if index in (1, 2) else -0.05), inner[index][1]]
        new = np.array(js.call(SHAPES, "resized", inner, index, to, SIZE))
        np.testing.assert_allclose(new[index], to)
        np.testing.assert_allclose(new[(index + 2) % 4], inner[(index + 2) % 4])
        sides = (np.roll(new, -1, axis=0) - new) * (400, 200)
        assert sides[0] @ sides[1] == pytest.approx(0, abs=1e-6)
        assert np.degrees(np.arctan2(*sides[0][::-1])) == pytest.approx(angle)

    def test_proportions_hold_while_a_corner_is_moved(self, js):
        new = np.array(js.call(SHAPES, "resized", SQUARE, 2, [0.6, 0.9], SIZE, 1.5)) * (400, 200)
        width, height = new[2] - new[0]
        assert width / height == pytest.approx(1.5)

    def test_straightening_the_whole_picture_stays_inside(self, js):
        turned = np.array(js.call(SHAPES, "straightened", SQUARE, 10, SIZE))
        assert turned.min() >= -1e-9
        assert turned.max() <= 1 + 1e-9

    def test_straightening_turns_about_the_middle_and_back(self, js):
        inner = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]
        turned = js.call(SHAPES, "straightened", inner, 10, SIZE)
        assert np.mean(turned, axis=0) == pytest.approx([0.5, 0.5])
        pixels = np.array(turned) * (400, 200)
        assert np.degrees(np.arctan2(*(pixels[1] - pixels[0])[::-1])) == pytest.approx(10)
        np.testing.assert_allclose(js.call(SHAPES, "straightened", turned, -10, SIZE), inner, atol=1e-9)

    @pytest.mark.parametrize("proportion", [1.5, 1, 0.75])
    def test_proportions_keep_the_middle_and_stay_inside(self, js, proportion):
        corners = np.array(js.call(SHAPES, "proportioned", SQUARE, proportion, SIZE)) * (400, 200)
        width, height = corners[2] - corners[0]
        assert width / height == pytest.approx(proportion)
        assert max(width / 400, height / 200) == pytest.approx(1)
        assert corners.mean(0) == pytest.approx([200, 100])
