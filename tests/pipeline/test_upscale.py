"""Enlargement: size, closeness to the truth, and the slider from faithful to crisp."""

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from models import catalog
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.methods.filters import gaussian, luma
from pipeline.methods.inference import infer
from pipeline.stages import Upscale
from tests.photographs import noisy, photograph, psnr
from training.damage import degrade


@pytest.mark.parametrize("scale", [1, 1.5, 2, 3, 4])
def test_the_fast_upscaler_gives_the_factor_that_was_asked(scale):
    image = photograph("coffee", 90)
    out = Upscale(scale=scale).run(image, Context(Engine("cpu")))
    assert out.shape[:2] == tuple(round(side * scale) for side in image.shape[:2])
    assert out.min() >= 0
    assert out.max() <= 1


def reduced(truth, scale, sigma):
    """The picture of a small camera: soft, `scale` times smaller, with noise of `sigma`, as a JPEG."""
    size = (truth.shape[1] // scale, truth.shape[0] // scale)
    small = noisy(cv2.resize(gaussian(truth, 0.8), size, interpolation=cv2.INTER_AREA), sigma)
    _, data = cv2.imencode(".jpg", (small * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 75])
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED).astype(np.float32) / 255


def enlarged(name, scale, sigma):
    """The truth, the bicubic enlargement and ours, all as luma."""
    truth = photograph(name, 384)
    truth = truth[: truth.shape[0] // 4 * 4]
    small = reduced(truth, scale, sigma)
    bicubic = np.clip(cv2.resize(small, truth.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    ours = Upscale(scale=scale).run(small, Context(Engine("cpu")))
    return luma(truth), luma(bicubic), luma(ours)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_fast_upscaler_is_nearer_to_the_truth_than_bicubic_on_average(scale):
    pictures = [enlarged(name, scale, sigma=0.02) for name in ("astronaut", "chelsea", "coffee", "rocket")]
    ours = [structural_similarity(ours, truth, data_range=1) for truth, _, ours in pictures]
    bicubic = [structural_similarity(cubic, truth, data_range=1) for truth, cubic, _ in pictures]
    assert np.mean(ours) > np.mean(bicubic) + 0.01


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
@pytest.mark.parametrize("scale", [2, 4])
def test_the_fast_upscaler_is_crisper_than_bicubic_and_not_crisper_than_the_truth(name, scale):
    energy = [float(np.mean(np.diff(picture, axis=1) ** 2)) for picture in enlarged(name, scale, sigma=0)]
    truth, bicubic, ours = energy
    assert bicubic < ours < truth


def test_x4_enlarges_a_soft_photograph_from_half_its_size():
    soft, told = gaussian(photograph("astronaut", 200), 3.0), Context(Engine("cpu"))
    half = infer(catalog.get("fast-x4"), cv2.resize(soft, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), told)
    result = Upscale(scale=4, crisp=1).run(soft, told)
    assert psnr(result, np.clip(cv2.resize(half, (800, 800), interpolation=cv2.INTER_CUBIC), 0, 1)) > 50
    assert [notice.code for notice in told.notices] == ["upscale-soft"]


def test_x4_is_the_network_alone_where_a_photograph_is_sharp():
    sharp, told = photograph("coffee", 120), Context(Engine("cpu"))
    alone = infer(catalog.get("fast-x4"), sharp, Context(Engine("cpu")))
    assert np.array_equal(Upscale(scale=4, crisp=1).run(sharp, told), alone)
    assert not told.notices


def test_the_crisp_slider_goes_from_soft_to_steep():
    small = cv2.resize(photograph("astronaut", 400), (100, 100), interpolation=cv2.INTER_AREA)
    small = degrade.jpeg(small, 40)  # clean photographs look nearly the same at both ends
    ctx = Context(Engine("cpu", "float32"))
    steep = [float(np.mean(np.diff(Upscale(scale=4, crisp=c).run(small, ctx), axis=1) ** 2)) for c in (0, 0.5, 1)]
    assert steep[0] * 1.05 < steep[1] < steep[2] / 1.05
