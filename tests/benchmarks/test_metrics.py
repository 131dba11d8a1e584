import cv2
import numpy as np
import pytest

from benchmarks.quality import metrics
from pipeline.methods.filters import luma
from tests.photographs import noisy, photograph

TRUTH = photograph("chelsea", 180)


def test_identical_pictures_are_perfect():
    assert metrics.psnr(TRUTH, TRUTH) == 100
    assert metrics.colour_difference(TRUTH, TRUTH) == 0


def test_psnr_is_that_of_the_error():
    assert metrics.psnr(np.full((8, 8, 3), 0.6, np.float32), np.full((8, 8, 3), 0.5, np.float32)) == pytest.approx(
        20, abs=1e-3
    )


def test_a_worse_picture_scores_worse():
    better, worse = noisy(TRUTH, 0.02), noisy(TRUTH, 0.08)
    assert metrics.psnr(better, TRUTH) > metrics.psnr(worse, TRUTH) + 10
    assert metrics.colour_difference(better, TRUTH) < metrics.colour_difference(worse, TRUTH)


def test_st_lpips_forgives_a_shift_and_punishes_a_blur():
    shifted, blurred = np.roll(TRUTH, 1, axis=1), cv2.GaussianBlur(TRUTH, (0, 0), 1.5)
    assert metrics.psnr(shifted, TRUTH) < metrics.psnr(blurred, TRUTH)
    assert metrics.st_lpips(TRUTH, TRUTH) == 0
    assert 2 * metrics.st_lpips(shifted, TRUTH) < metrics.st_lpips(blurred, TRUTH)


def test_detail_is_the_energy_of_edges():
    flat, step = np.full((9, 9), 0.5, np.float32), np.repeat(np.float32([[0, 0, 0, 0, 1, 1, 1, 1, 1]]), 9, axis=0)
    assert metrics.gradient_energy(flat) == 0
    assert metrics.gradient_energy(2 * step) == pytest.approx(4 * metrics.gradient_energy(step))


def test_colourfulness_is_0_without_colour_and_grows_with_it():
    grey = np.repeat(luma(TRUTH)[..., None], 3, axis=2)
    half = 0.5 * grey + 0.5 * TRUTH
    assert metrics.colourfulness(grey) == pytest.approx(0, abs=1e-6)
    assert metrics.colourfulness(half) == pytest.approx(0.5 * metrics.colourfulness(TRUTH), rel=1e-3)


@pytest.mark.parametrize("side", [96, 180])
def test_perceptual_measures_rank_alike(side):
    truth = photograph("astronaut", side)
    same, better, worse = (
        metrics.score(noisy(truth, sigma), truth, ("msssim", "haarpsi", "mdsi")) for sigma in (0, 0.02, 0.08)
    )
    assert same == pytest.approx({"msssim": 1, "haarpsi": 1, "mdsi": 0}, abs=1e-5)
    for name in ("msssim", "haarpsi"):
        assert 1 > better[name] > worse[name]
    assert 0 < better["mdsi"] < worse["mdsi"]


def test_a_score_has_every_measure_in_the_order_of_the_tables():
    score = metrics.score(TRUTH, TRUTH)
    assert tuple(score) == metrics.NAMES
    assert [score["ssim"], score["detail"], score["color"]] == pytest.approx([1, 1, 1])
