"""What holds for every stage, and the stages without a network."""

import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import WeightsMissing
from pipeline.finish import Finish
from pipeline.methods.filters import gaussian
from pipeline.stages import STAGES, Colorize, Deblur, Denoise, Descreen, Faces, PostDenoise, Sharpen, Tone, Upscale
from tests.photographs import noisy, photograph
from tests.pipeline.fakes import context

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


def test_finish_at_zero_is_the_picture_itself_and_sliders_do_their_work():
    image = photograph("coffee")
    energy = lambda i: np.abs(np.diff(i, axis=1)).mean()  # noqa: E731
    assert Finish().apply(image) is image
    assert energy(Finish(blur=2).apply(image)) < energy(image) < energy(Finish(sharpen=1).apply(image))
