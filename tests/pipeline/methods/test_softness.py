"""Where a picture holds less detail than its pixels could."""

import cv2
import numpy as np
import pytest

from pipeline.methods.softness import blend, halved, sharpness
from tests.photographs import photograph

SHARP = photograph("astronaut", 240)
SOFT = cv2.GaussianBlur(SHARP, (0, 0), 3)


def test_a_sharp_photograph_is_sharp_and_a_soft_one_is_soft():
    assert sharpness(SHARP).mean() > 0.9
    assert sharpness(SOFT).max() < 0.1


def test_a_soft_half_is_soft_and_the_other_is_sharp():
    mixed = np.concatenate([SHARP[:, :120], SOFT[:, 120:]], axis=1)
    share = sharpness(mixed)
    assert share[:, :90].mean() > 0.8
    assert share[:, 150:].mean() < 0.2


@pytest.mark.parametrize("value", [0, 0.5])
def test_a_picture_without_edges_is_finite(value):
    share = sharpness(np.full((40, 40, 3), value, np.float32))
    assert ((share >= 0) & (share <= 1)).all()


def test_an_odd_side_is_halved_and_covered():
    small = halved(SHARP[:101, :77])
    assert small.shape == (51, 39, 3)
    assert blend(SHARP[:101, :77].copy(), small, np.zeros((101, 77), np.float32)).shape == (101, 77, 3)


@pytest.mark.parametrize("rows", [30, 190, 191])
def test_strips_make_the_same_as_the_whole(rows):
    small = halved(SHARP[:rows])
    whole = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)[:rows]
    result = blend(SHARP[:rows].copy(), small, np.zeros((rows, 10), np.float32))
    assert result == pytest.approx(np.clip(whole, 0, 1), abs=1e-5)


def test_what_is_sharp_stays_to_the_bit():
    large = SHARP.copy()
    assert np.array_equal(blend(large, halved(SOFT), np.ones(SHARP.shape[:2], np.float32)), SHARP)
