import cv2
import numpy as np
import pytest

from pipeline.methods.halftone import CLEAR, Screen, filtered, find, redrawn
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.prints import ROSETTE, in_grey, printed, screens

NAMES = ("astronaut", "chelsea", "coffee", "rocket")


def jpeg(image, quality):
    data = cv2.imencode(".jpg", (image * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32) / 255


def turned(screen, angle):
    """Return by how many degrees a screen lies off an angle; a quarter turn is none."""
    return abs((np.rad2deg(screen.angle) - angle + 45) % 90 - 45)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("period", "angle"), [(2.6, 45), (3.7, 20), (5.2, 63), (8.0, 45)])
def test_period_and_angle_of_dots_are_found(name, period, angle):
    screen, *_ = find(noisy(printed(photograph(name, 512), period, angle), 0.01))
    assert screen.period == pytest.approx(period, rel=0.005)
    assert turned(screen, angle) < 0.5
    assert screen.clearness > CLEAR


def test_every_ink_of_a_rosette_is_found():
    found = find(printed(photograph("coffee", 512), 4.3, *ROSETTE))
    assert len(found) == 3
    assert all(min(turned(screen, angle) for screen in found) < 0.5 for angle in ROSETTE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [100, 256, 512])
def test_photographs_have_no_screen(name, side):
    image = photograph(name, side)
    for picture in (image, noisy(image, 0.06), jpeg(image, 30), np.repeat(np.repeat(jpeg(image, 40), 2, 0), 2, 1)):
        assert find(picture) == ()


def test_a_lattice_in_a_part_of_the_picture_is_no_screen():
    photo = photograph("astronaut", 512)
    lattice = printed(np.full_like(photo, 0.5), 6, 30)
    part = np.where(np.arange(photo.shape[1])[:, None] < 0.4 * photo.shape[1], lattice, photo)
    assert find(part.astype(np.float32)) == ()
    assert find(lattice)


@pytest.mark.parametrize(("across", "down"), [(6, 9), (5, 0)], ids=["bricks", "boards"])
def test_what_repeats_otherwise_than_dots_is_no_screen(across, down):
    y, x = np.mgrid[:400, :500]
    along = np.sin(2 * np.pi * (x + 0.3 * y) / across)
    wall = along + np.sin(2 * np.pi * (y - 0.3 * x) / down) if down else along
    assert find(np.repeat((0.5 + 0.1 * wall)[..., None], 3, axis=2).astype(np.float32)) == ()


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_an_even_picture_has_no_screen(value):
    assert find(np.full((300, 300, 3), value, np.float32)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_filter_removes_dots_and_keeps_what_is_larger(name):
    photo = photograph(name, 384)
    dots, angles = printed(photo, 4, 30), screens(4, 30)
    assert psnr(filtered(dots, angles), in_grey(photo)) > psnr(dots, in_grey(photo)) + 5
    even = printed(np.full_like(photo, 0.4), 7, 30)
    assert filtered(even, screens(7, 30))[40:-40, 40:-40].std() < 0.1 * even.std()


def test_the_filter_without_screens_changes_nothing():
    photo = photograph("chelsea")
    np.testing.assert_allclose(filtered(photo, ()), photo, atol=1e-5)


def test_a_screen_is_the_same_after_a_quarter_turn():
    photo = printed(photograph("coffee"), 4, 30)
    quarter = filtered(photo, [Screen(4, np.deg2rad(120))])
    np.testing.assert_allclose(quarter, filtered(photo, screens(4, 30)), atol=1e-4)


@pytest.mark.parametrize("angles", [(30,), ROSETTE], ids=["grey", "rosette"])
def test_redrawn_screens_lie_where_the_dots_are(angles):
    photo = photograph("astronaut", 384)
    drawn = redrawn(printed(photo, 5, *angles), screens(5.01, *angles))
    even = printed(np.full_like(photo, 0.5), 5, *angles)
    for channel in range(3):
        assert np.corrcoef(drawn[..., channel].ravel(), even[..., channel].ravel())[0, 1] > 0.95
    assert 0 <= drawn.min() < 0.05 < 0.95 < drawn.max() <= 1


def test_there_is_nothing_to_redraw_without_screens():
    assert np.all(redrawn(photograph("chelsea"), ()) == 0.5)
