"""Measures: PSNR and SSIM against a reference."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from pipeline.methods.filters import luma
from pipeline.methods.measures import compare
from tests.photographs import noisy, photograph, psnr


def test_a_picture_equals_itself():
    image = photograph("coffee", 200)
    assert compare(image, image) == (pytest.approx(120), pytest.approx(1))


def test_noise_lowers_both():
    truth = photograph("coffee", 200)
    faint, strong = (noisy(truth, sigma) for sigma in (0.02, 0.1))
    measured = [compare(image, truth) for image in (faint, strong)]
    assert measured[0][0] == pytest.approx(psnr(faint, truth), abs=1e-3)
    assert measured[0] > measured[1]
    assert measured[0][1] > measured[1][1] > 0


def test_the_measure_is_over_all_colours():
    truth = photograph("coffee", 200)
    tinted = truth.copy()
    tinted[..., 0] = np.clip(tinted[..., 0] + 0.1, 0, 1)
    assert compare(tinted, truth)[0] == pytest.approx(psnr(tinted, truth), abs=1e-3)


@pytest.mark.parametrize("rows", [60, 262, 263, 400])
def test_strips_tell_what_the_whole_tells(rows):
    truth = photograph("coffee", 600)[:rows]
    image = noisy(truth, 0.05)
    whole = structural_similarity(luma(image), luma(truth), data_range=1.0)
    assert compare(image, truth) == (pytest.approx(psnr(image, truth), abs=1e-3), pytest.approx(whole, abs=1e-6))
