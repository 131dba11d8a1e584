import cv2
import numpy as np
import pytest

from benchmarks.quality.compose import Style
from pipeline import scans
from pipeline.errors import OptionError
from pipeline.scans import Outline
from tests.photographs import photograph, psnr
from tests.pipeline.glass import BRIGHT, CARD, DARK, NAMES, SIDE, WHITE, four, place, scanned


def check(outlines, places):
    """Compare outlines with where the prints are, in any order."""
    assert len(outlines) == len(places)
    for corners in places.values():
        best = min(outlines, key=lambda each: np.linalg.norm(np.subtract(each.corners, corners), axis=1).max())
        assert np.linalg.norm(np.subtract(best.corners, corners), axis=1).max() <= 3
        along = corners[1] - corners[0]
        assert abs(best.angle - np.degrees(np.arctan2(along[1], along[0]))) <= 0.2


@pytest.mark.parametrize(
    "style",
    [
        Style(DARK),
        Style(DARK, border=0.05),
        Style(BRIGHT, shadow=0.2),
        Style(WHITE, border=0.06, paper=0.91, line=0.15),
        Style(CARD, shadow=0.2, mounts=True),
    ],
    ids=["dark glass", "white borders on dark", "bright glass", "white borders on white", "paper corners"],
)
def test_prints_are_found_to_3_pixels_and_a_fifth_of_a_degree(style):
    check(scans.find(scanned(four(), style)), four())


def test_prints_that_touch_are_told_apart_where_one_is_higher():
    angle = 3.0
    step = np.array([[np.cos(np.radians(angle)), np.sin(np.radians(angle))]])
    first = place("coffee", (250, 400), angle)
    width = np.linalg.norm(first[1] - first[0])
    second = place("astronaut", (250, 400) + (step * (width + SIDE) / 2)[0], angle)
    places = {"coffee": first, "astronaut": second}
    check(scans.find(scanned(places, Style(DARK))), places)


def test_prints_of_one_height_that_touch_are_told_apart_by_the_line_between_them():
    places = {"rocket": place("rocket", (200, 400)), "coffee": place("coffee", (500, 400))}
    heights = {name: np.ptp(corners[:, 1]) for name, corners in places.items()}
    assert abs(heights["rocket"] - heights["coffee"]) < 2
    check(scans.find(scanned(places, Style(DARK))), places)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_from_a_picture_without_a_border(name):
    assert scans.find(photograph(name, 512)) == ()


def test_a_plain_sky_above_a_straight_horizon_is_no_glass():
    picture = photograph("coffee", 512).copy()
    picture[:200] = (0.02, 0.02, 0.05)
    assert scans.find(picture) == ()


def test_a_print_is_not_cut_along_its_horizon():
    land = photograph("coffee", SIDE).copy()
    land[:100] = (0.5, 0.7, 0.9)
    scan = scanned({"coffee": place("coffee", (450, 500))}, Style(DARK))
    left, top = (450 - land.shape[1] // 2, 500 - land.shape[0] // 2)
    scan[top : top + land.shape[0], left : left + land.shape[1]] = land
    check(scans.find(scan), {"coffee": place("coffee", (450, 500))})


def test_a_frame_on_the_wall_behind_somebody_is_no_print():
    scan = scanned({"coffee": place("coffee", (250, 250))}, Style(BRIGHT))
    person = cv2.ellipse(np.zeros(scan.shape[:2], np.uint8), (600, 800), (250, 400), 20, 0, 360, 1, -1)
    scan[person > 0] = (0.3, 0.2, 0.15)
    assert scans.find(scan) == ()


def test_an_empty_glass_holds_nothing():
    assert scans.find(scanned({}, Style(BRIGHT))) == ()


def test_what_is_too_small_for_a_print_is_left():
    places = {"astronaut": place("astronaut", (450, 500), 2)}
    scan = scanned(places, Style(DARK))
    scan[50:90, 50:80] = 0.8
    check(scans.find(scan), places)


def test_a_print_in_the_corner_of_the_glass_is_cut_along_the_edge_of_the_scan():
    height, width = photograph("astronaut", SIDE).shape[:2]
    scan = scanned({}, Style(DARK))
    scan[:height, :width] = photograph("astronaut", SIDE)
    check(scans.find(scan), {"astronaut": np.array([[0, 0], [width, 0], [width, height], [0, height]])})


def test_a_print_that_a_camera_took_from_the_side_is_made_a_rectangle():
    corners = np.array([[160, 180], [720, 215], [690, 860], [215, 815]], np.float32)
    (outline,) = scans.find(scanned({"astronaut": corners}, Style(BRIGHT, shadow=0.1)))
    assert np.linalg.norm(np.subtract(outline.corners, corners), axis=1).max() <= 3
    assert not outline.is_rectangle
    assert alike(scans.cut(scanned({"astronaut": corners}, Style(DARK)), outline), "astronaut") > 28


def test_prints_are_listed_row_by_row_from_the_left():
    outlines = scans.find(scanned(four(), Style(DARK)))
    rows = [[outline.corners[0][1] < 500, outline.corners[0][0] < 400] for outline in outlines]
    assert rows == [[True, True], [True, False], [False, True], [False, False]]


def test_a_turned_print_is_cut_out_straight_without_glass_and_without_loss():
    places = four()
    scan = scanned(places, Style((1.0, 0.0, 1.0)))
    for outline, name in zip(scans.find(scan), NAMES, strict=True):
        picture = scans.cut(scan, outline)
        height, width = photograph(name, SIDE).shape[:2]
        assert picture.shape == (height - 2, width - 2, 3)
        assert alike(picture, name) > 28
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert np.percentile(np.minimum(edge[:, 0], edge[:, 2]) - edge[:, 1], 90) < 0.3


def test_an_upright_print_keeps_its_very_pixels():
    scan = photograph("coffee", 256)
    picture = scans.cut(scan, Outline(((10.2, 20.1), (110.1, 20.0), (110.0, 90.3), (10.0, 90.0))))
    np.testing.assert_array_equal(picture, scan[21:89, 11:109])


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (0, 50), (50, 50), (50, 0)),
        ((0, 0), (50, 50), (50, 0), (0, 50)),
        ((0, 0), (50, 0), (10, 10), (0, 50)),
        ((0, 0), (1, 0), (1, 50), (0, 50)),
    ],
    ids=["anticlockwise", "crossed", "hollow", "too narrow"],
)
def test_an_outline_that_is_none_is_refused(corners):
    with pytest.raises(OptionError):
        Outline(corners)


def alike(picture, name):
    """Return the PSNR of a cut print and its photograph, both reduced."""
    pair = (cv2.resize(each, (64, 64), interpolation=cv2.INTER_AREA) for each in (picture, photograph(name, SIDE)))
    return psnr(*pair)
