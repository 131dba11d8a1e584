"""Noise and compression: what is removed, and what is left alone."""

import cv2
import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.methods.filters import gaussian, luma
from pipeline.stages import Denoise
from pipeline.stages.denoise import CLASSICAL, FAST
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.fakes import context


@pytest.mark.parametrize("sigma", [0.03, 0.06])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("model", [FAST, CLASSICAL])
def test_denoise_comes_closer_to_the_truth(name, sigma, model):
    truth = photograph(name, 384)
    image = noisy(truth, sigma)
    clean = Denoise(model=model).run(image, Context(Engine("cpu", "float32")))
    assert psnr(clean, truth) > psnr(image, truth) + 1.5


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_the_denoiser_in_the_box_takes_away_strong_noise_better_than_the_filter(name):
    truth = photograph(name, 384)
    image = noisy(truth, 0.06)
    box = Denoise().run(image, Context(Engine("cpu", "float32")))
    plain = Denoise(model=CLASSICAL).run(image, context())
    assert psnr(box, truth) > psnr(image, truth) + 6
    assert psnr(luma(box), luma(truth)) > psnr(luma(plain), luma(truth)) + 0.2


def test_denoise_strength_blends_the_network():
    image = noisy(photograph("coffee"), 0.05)
    half, whole, more = (Denoise(strength=s, exact=True).run(image, context()) for s in (0.5, 1.0, 2.0))
    np.testing.assert_allclose(half, (image + whole) / 2, atol=1e-5)
    np.testing.assert_array_equal(more, whole)


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
@pytest.mark.parametrize("model", [FAST, CLASSICAL])
def test_denoise_leaves_a_clean_photograph_almost_alone(name, model):
    truth = photograph(name, 384)
    clean = Denoise(model=model).run(truth, Context(Engine("cpu", "float32")))
    assert clean is not truth
    assert psnr(luma(clean), luma(truth)) > 45


def compressed(image, quality):
    """The picture as a JPEG file of that quality."""
    _, data = cv2.imencode(".jpg", np.rint(image * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED).astype(np.float32) / 255


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_denoise_removes_all_of_a_noise_that_dominates_and_says_so(name):
    truth, ctx = photograph(name, 384), Context(Engine("cpu", "float32"))
    image = noisy(truth, 0.04)
    part, whole = (Denoise(strength=s).run(image, ctx) for s in (0.7, 1.0))
    np.testing.assert_array_equal(part, whole)
    assert {notice.code for notice in ctx.notices} == {"denoise-dominant"}
    exact = Denoise(strength=0.7, exact=True).run(image, ctx)
    assert psnr(exact, image) > psnr(whole, image) + 2


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_a_little_noise_does_not_dominate(name):
    ctx, image = Context(Engine("cpu", "float32")), noisy(photograph(name, 384), 0.006)
    part, whole = (Denoise(strength=s).run(image, ctx) for s in (0.7, 1.0))
    assert psnr(part, image) > psnr(whole, image) + 2
    assert not ctx.notices


@pytest.mark.parametrize("name", ["astronaut", "rocket"])
def test_denoise_takes_up_compression_where_there_is_no_grain(name):
    soft = gaussian(photograph(name, 480), 1.5)
    marked = compressed(soft, 30)[3:, 5:]
    kept, changed = (Denoise().run(image, context()) is image for image in (soft, marked))
    assert kept
    assert not changed


def test_denoise_says_when_it_does_nothing():
    ctx = context()
    flat = np.full((64, 64, 3), 0.5, np.float32)
    assert Denoise().run(flat, ctx) is flat
    assert ctx.notices[0].code == "denoise-skipped"
