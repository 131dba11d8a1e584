import cv2
import numpy as np
import pytest

from pipeline.methods import alignment
from pipeline.methods.alignment import ARCFACE, FFHQ
from tests.photographs import photograph, psnr

COLLINS = np.array([(211, 112), (244, 110), (228, 130), (214, 148), (243, 146)], float)
"""Eyes, nose and mouth of the astronaut at 512 pixels."""


def turned(points, degrees, factor=1.0, move=(0, 0)):
    angle = np.deg2rad(degrees)
    rotation = factor * np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    return points @ rotation.T + move


@pytest.mark.parametrize("template", [FFHQ, ARCFACE], ids=["ffhq", "arcface"])
@pytest.mark.parametrize("degrees", [0, 45, 180, -100])
def test_points_reach_the_template_from_any_angle_and_size(template, degrees):
    points = turned(template * 100, degrees, 3.0, (500, -20))
    matrix = alignment.align(points, template, 256)
    np.testing.assert_allclose(alignment.moved(points, matrix), template * 256, atol=1e-6)
    assert alignment.zoom(matrix) == pytest.approx(256 / 300)


def test_a_mirrored_face_is_not_mirrored_back():
    matrix = alignment.align(FFHQ * (-100, 100), FFHQ, 256)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("degrees", [0, 30, 180])
@pytest.mark.parametrize("side", [64, 256])
def test_what_is_cut_out_lies_back_where_it_was(degrees, side):
    photo = cv2.GaussianBlur(photograph("astronaut", 512), (0, 0), 5)
    centre = (228, 128)
    points = turned(COLLINS - centre, degrees, 1, centre)
    matrix = alignment.align(points, FFHQ, side)
    place = alignment.window(photo, matrix, side)
    there = alignment.laid_back(alignment.oval(matrix, points, side), matrix, place) > 0
    back = alignment.laid_back(alignment.cut(photo, matrix, side), matrix, place)
    assert psnr(back[there], photo[place][there]) > 40


def test_a_crop_repeats_the_border_and_ends_beyond_it():
    photo = photograph("astronaut", 256)
    near = alignment.align(COLLINS / 2 - (110, 60), FFHQ, 128)
    crop = alignment.cut(photo, near, 128)
    assert crop.shape == (128, 128, 3)
    assert crop.min() >= 0
    assert crop.max() <= 1
    with pytest.raises(ValueError, match="inside the picture"):
        alignment.cut(photo, alignment.align(COLLINS + 5000, FFHQ, 128), 128)


def test_a_reduced_crop_has_no_false_patterns():
    stripes = np.tile((np.arange(2048) % 2)[:, None, None].astype(np.float32), (1, 2048, 3))
    crop = alignment.cut(stripes, alignment.align(FFHQ * 2000, FFHQ, 128), 128)
    assert np.abs(crop[8:-8, 8:-8] - 0.5).max() < 0.02


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_oval_holds_the_features_and_not_the_corners(degrees):
    points = turned(COLLINS, degrees)
    matrix = alignment.align(points, FFHQ, 256)
    mask = alignment.oval(matrix, points, 256)
    for x, y in np.rint(alignment.moved(points, matrix)).astype(int):
        assert mask[y, x] > 0.9
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert not border.any()
    assert np.abs(np.diff(mask, axis=0)).max() < 0.1


def test_turned_faces_have_their_nose_at_an_eye():
    assert alignment.turn(FFHQ) < 0.05
    profile = FFHQ.copy()
    profile[2, 0] = profile[0, 0]
    assert alignment.turn(profile) == pytest.approx(1, abs=0.01)
    assert alignment.turn(turned(profile, 70, 9)) == pytest.approx(1, abs=0.01)
