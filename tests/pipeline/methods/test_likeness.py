import cv2
import numpy as np
import pytest

from pipeline.methods import alignment, likeness
from pipeline.methods.alignment import FFHQ
from pipeline.methods.likeness import CERTAIN, LIKELY, UNLIKE
from tests.photographs import noisy, photograph
from tests.pipeline.methods.test_alignment import COLLINS


def face(side=128):
    photo = photograph("astronaut", 512)
    return alignment.cut(photo, alignment.align(COLLINS, FFHQ, side), side)


def reduced(crop, factor):
    small = cv2.resize(crop, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def test_sharpness_falls_with_the_size_that_is_left():
    forms = [likeness.sharpness(reduced(face(), factor)).form for factor in (1, 2, 4, 8)]
    assert forms == sorted(forms, reverse=True)
    assert forms[0] > 2 * forms[-1]


def test_noise_hardly_changes_the_form_and_a_crop_of_another_size_neither():
    form = likeness.sharpness(face()).form
    assert likeness.sharpness(noisy(face(), 0.02)).form == pytest.approx(form, rel=0.1)
    assert likeness.sharpness(face(96)).form == pytest.approx(form, rel=0.2)


def test_a_flat_face_is_not_sharp():
    assert likeness.sharpness(np.full((64, 64, 3), 0.5, np.float32)).form == 0


def test_less_identity_is_asked_of_a_face_that_shows_less():
    assert [likeness.least(form) for form in (0.5, 0.3, 0.1)] == [CERTAIN, LIKELY, UNLIKE]
    assert likeness.verdict(0.9, 0.5) == "certain"
    assert likeness.verdict(0.7, 0.3) == "likely"
    assert likeness.verdict(0.9, 0.1) == "unknown"
