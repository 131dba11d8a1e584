import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from models import catalog
from models.files.weights import BUNDLED
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError, WeightsMissing
from pipeline.finish import Finish
from pipeline.methods import kernels
from pipeline.methods.deconvolution import Blur
from pipeline.methods.filters import gaussian, luma
from pipeline.methods.inference import infer
from pipeline.methods.measures import blur_measure
from pipeline.stages import STAGES, Colorize, Deblur, Denoise, Descreen, Faces, PostDenoise, Sharpen, Tone, Upscale
from pipeline.stages.deblur import SHARP_BELOW
from pipeline.stages.denoise import CLASSICAL, FAST
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.fakes import FakeEngine

QUIET = {
    Denoise: Denoise(strength=0),
    Descreen: Descreen(strength=0),
    Deblur: Deblur(strength=0),
    Faces: Faces(strength=0),
    PostDenoise: PostDenoise(sigma=0),
    Sharpen: Sharpen(amount=0),
    Tone: Tone(strength=0),
}
SAME_SIZE = [
    Denoise(),
    PostDenoise(sigma=1),
    Sharpen(amount=1),
    Deblur(always=True),
    Descreen(always=True),
    Tone(always=True),
    Colorize(always=True),
]


def invert(x, network):
    """A stand-in for a network of any task: a negative of the last picture, or one colour for the colorizers."""
    if x.shape[1] < 3:
        return np.concatenate([np.full_like(x[:, :1], 20), np.full_like(x[:, :1], -30)], axis=1)
    return 1 - x[:, -3:]


def context(function=invert):
    return Context(FakeEngine(function))


@pytest.mark.parametrize("stage", QUIET.values(), ids=lambda s: s.name)
def test_strength_zero_is_the_identity(stage):
    ctx = context()
    assert stage.run(photograph("coffee"), ctx) is photograph("coffee")
    assert not ctx.notices


@pytest.mark.parametrize("stage", SAME_SIZE, ids=lambda s: s.name)
def test_stages_keep_size_type_and_range_and_leave_their_input_alone(stage):
    image = noisy(photograph("coffee"), 0.05)
    before = image.copy()
    out = stage.run(image, context())
    np.testing.assert_array_equal(image, before)
    assert out.shape == image.shape
    assert out.dtype == np.float32
    assert out.min() >= 0
    assert out.max() <= 1
    assert not np.array_equal(out, image)


def test_every_stage_has_a_name_and_a_summary_of_its_own():
    assert len({kind.name for kind in STAGES}) == len({kind.summary for kind in STAGES}) == len(STAGES)


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


def test_sharpen_steepens_edges_and_leaves_flat_places_alone():
    image = np.full((40, 40, 3), 0.4, np.float32)
    image[:, 20:] = 0.6
    image = gaussian(image, 0.7) + np.float32(0.004) * np.indices((40, 40)).sum(axis=0)[..., None] % 0.008
    out = Sharpen(amount=1, threshold=0.02).run(image.astype(np.float32), context())
    assert np.abs(np.diff(out, axis=1)).max() > np.abs(np.diff(image, axis=1)).max() * 1.1
    np.testing.assert_allclose(out[:, :12], image[:, :12], atol=1e-6)


def test_post_denoise_is_a_gaussian_of_its_sigma():
    dot = np.zeros((41, 41, 3), np.float32)
    dot[20, 20] = 1
    out = PostDenoise(sigma=1.5).run(dot, context())[..., 0]
    variance = (out * (np.arange(41) - 20) ** 2).sum() / out.sum()
    assert variance == pytest.approx(1.5**2, rel=0.05)


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


@pytest.mark.parametrize(
    "stage",
    [
        Deblur(model="deblurgan-mobilenet", always=True),
        Colorize(model="siggraph17", always=True),
        Upscale(model="realesrgan-x4plus"),
    ],
    ids=lambda s: s.name,
)
def test_a_missing_file_names_the_ways_out(stage, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    with pytest.raises(WeightsMissing, match="models download") as caught:
        stage.run(photograph("coffee"), Context(Engine("cpu")))
    assert str(tmp_path) in str(caught.value)


def test_the_crisp_slider_goes_from_soft_to_steep():
    small = cv2.resize(photograph("astronaut", 400), (100, 100), interpolation=cv2.INTER_AREA)
    ctx = Context(Engine("cpu", "float32"))
    steep = [float(np.mean(np.diff(Upscale(scale=4, crisp=c).run(small, ctx), axis=1) ** 2)) for c in (0, 0.5, 1)]
    assert steep[0] * 1.02 < steep[1] < steep[2] / 1.02


def test_finish_at_zero_is_the_picture_itself_and_sliders_do_their_work():
    image = photograph("coffee")
    energy = lambda i: np.abs(np.diff(i, axis=1)).mean()  # noqa: E731
    assert Finish().apply(image) is image
    assert energy(Finish(blur=2).apply(image)) < energy(image) < energy(Finish(sharpen=1).apply(image))
