"""Blur: which photographs are deblurred, how well, and with what."""

import cv2
import numpy as np
import pytest

from models.files.weights import BUNDLED
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods import kernels
from pipeline.methods.deconvolution import Blur
from pipeline.methods.filters import gaussian
from pipeline.methods.measures import blur_measure
from pipeline.stages import Deblur, Denoise, Upscale
from pipeline.stages.deblur import SHARP_BELOW
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.fakes import FakeEngine, context


@pytest.mark.parametrize("name", ["rocket", "coffee"])
def test_deblur_leaves_a_sharp_photograph_alone_with_the_reason(name):
    ctx = context()
    image = photograph(name, 480)
    assert Deblur().run(image, ctx) is image
    assert ctx.notices[0].code == "deblur-skipped"
    assert ctx.notices[0].values["blur"] < ctx.notices[0].values["limit"]


def test_deblur_works_on_a_blurred_one_and_where_it_is_told_to():
    sharp = photograph("coffee", 480)
    blurred = gaussian(sharp, 2.5)
    out_of_focus = Context(FakeEngine(lambda x, network: 1 - x[:, :3], blur=(-9, 9, -9, 2.5, 0, 0, 0)))
    np.testing.assert_allclose(Deblur().run(blurred, out_of_focus), 1 - blurred, atol=1e-5)
    np.testing.assert_allclose(Deblur(always=True).run(sharp, context()), 1 - sharp, atol=1e-5)


@pytest.mark.parametrize("sigma", [0.8, 2.0])
def test_deblur_leaves_most_softness_without_a_kernel_to_the_upscaler_that_follows(sigma):
    soft, ctx = gaussian(photograph("coffee", 480), sigma), context()
    assert blur_measure(soft) > SHARP_BELOW
    moved, whole = (np.abs(deblur.run(soft, ctx) - soft).mean() for deblur in (Deblur(), Deblur(always=True)))
    assert 0 < moved < whole / 2
    assert [notice.code for notice in ctx.notices] == ["deblur-soft"]
    official = Deblur(model="deblurgan-mobilenet").run(soft, context())
    np.testing.assert_allclose(official, 1 - soft, atol=1e-5)


def shaken(name):
    """A photograph whose camera moved along a bent path, further than the network undoes."""
    kernel = kernels.motion(22, 0.6, 0.15)
    moved = cv2.filter2D(photograph(name, 480), -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return noisy(moved, 1 / 255)


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_deblur_rejects_doubled_contours_of_shake(name):
    image, ctx = shaken(name), Context(Engine("cpu", "float32"))
    assert Deblur().run(image, ctx) is image
    assert [notice.code for notice in ctx.notices] == ["deblur-rejected"]
    assert Deblur(always=True).run(image, ctx) is not image


def test_deblur_leaves_small_photographs_alone():
    small, ctx = gaussian(photograph("astronaut", 256), 1.5), context()
    assert Deblur().run(small, ctx) is small
    assert [notice.code for notice in ctx.notices] == ["deblur-small"]


@pytest.mark.parametrize("name", ["chelsea", "rocket"])
def test_deblur_leaves_an_enlarged_thumbnail_alone(name):
    large, ctx = cv2.resize(photograph(name, 40), (480, 320), interpolation=cv2.INTER_CUBIC), context()
    assert Deblur().run(large, ctx) is large
    assert [notice.code for notice in ctx.notices] == ["deblur-few-edges"]


@pytest.mark.parametrize(
    ("blur", "answer", "figures"),
    [
        (Blur("defocus", 2.5), [-9, 9, -9, 2.5, 0, 0, 0], {"radius": 2.5}),
        (Blur("motion", 9, np.pi / 2), [-9, -9, 9, 0, 9, -1, 0], {"length": 9, "angle": 90}),
    ],
    ids=["defocus", "motion"],
)
def test_deblur_undoes_the_blur_that_was_estimated_and_reports_it(blur, answer, figures):
    truth = photograph("astronaut", 400)
    taken = cv2.filter2D(truth, -1, blur.kernel(), borderType=cv2.BORDER_REFLECT_101)
    ctx = Context(FakeEngine(lambda x, network: x[:, -3:], blur=answer))
    assert psnr(Deblur().run(taken, ctx), truth) > psnr(taken, truth) + 2
    assert ctx.notices[0].values == figures


@pytest.mark.parametrize("blur", [Blur("defocus", 2.5), Blur("motion", 9, 0.6)], ids=lambda blur: blur.kind)
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_the_deblurrer_in_the_box_comes_closer_to_the_truth(name, blur):
    truth = photograph(name, 400)
    taken = noisy(cv2.filter2D(truth, -1, blur.kernel(), borderType=cv2.BORDER_REFLECT_101), 1 / 255)
    ctx = Context(Engine("cpu", "float32"))
    assert psnr(Deblur().run(taken, ctx), truth) > psnr(taken, truth) + 2
    assert ctx.notices[0].code == f"deblur-{blur.kind}"


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_the_deblurrer_in_the_box_leaves_a_sharp_photograph_almost_alone(name):
    truth = photograph(name, 400)
    assert psnr(Deblur(always=True).run(truth, Context(Engine("cpu", "float32"))), truth) > 40


@pytest.mark.parametrize(
    "answer",
    [(0.5, 0.9, 0, 2, 0, 0, 0), (-9, -9, 9, 0, 25, 1, 0), (-9, 9, -9, 1.2, 0, 0, 0), (-9, -9, 9, 0, 9, 1, 0)],
    ids=["unsure", "too long", "too small", "no direction"],
)
def test_an_estimate_that_cannot_be_believed_is_not_used(answer):
    ctx = Context(FakeEngine(lambda x, network: x[:, -3:], blur=answer))
    soft = gaussian(photograph("coffee", 480), 2)
    np.testing.assert_allclose(Deblur().run(soft, ctx), soft, atol=1e-6)
    assert [notice.code for notice in ctx.notices] == ["deblur-soft"]


def test_a_model_that_enlarges_does_not_deblur():
    with pytest.raises(OptionError, match="enlarges by 4"):
        Deblur(model=str(BUNDLED / "fast-x4.safetensors"), always=True).run(photograph("coffee"), context())


@pytest.mark.parametrize("stage", [Denoise, Upscale], ids=lambda stage: stage.name)
def test_a_deblurrer_of_ones_own_is_refused_elsewhere(stage):
    own = str(BUNDLED / "fast-deblur.safetensors")
    with pytest.raises(OptionError, match="deblur stage only"):
        stage(model=own).run(noisy(photograph("coffee"), 0.05), context())


def test_deblur_strength_blends():
    sharp = photograph("coffee", 480)
    half = Deblur(always=True, strength=0.5).run(sharp, context())
    np.testing.assert_allclose(half, 0.5, atol=1e-5)
