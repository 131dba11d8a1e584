import numpy as np
import pytest
from skimage.color import rgb2lab

from pipeline.methods.filters import luma
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from pipeline.stages.colorize import suggest_colorize
from tests.photographs import noisy, photograph

SEPIA = np.array([1.05, 0.95, 0.75], np.float32)


def grey(name):
    return np.repeat(luma(photograph(name))[..., None], 3, axis=2)


def test_lab_is_the_standard_one():
    image = photograph("coffee")
    assert np.abs(to_lab(image) - rgb2lab(image)).mean() < 0.05


def test_lab_and_back_is_the_same_picture():
    image = photograph("coffee")
    np.testing.assert_allclose(from_lab(to_lab(image)), image, atol=2e-3)


def test_colours_beyond_rgb_keep_their_luminance():
    lab = to_lab(photograph("astronaut")) * np.array([1, 4, 4], np.float32)
    out = from_lab(lab)
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.abs(to_lab(out)[..., 0] - lab[..., 0]).mean() < 0.5


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_colour_photographs_have_colour(name):
    assert colour_measure(photograph(name)) > COLOURED_ABOVE


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("tone", [1.0, SEPIA], ids=["grey", "sepia"])
def test_grey_and_sepia_have_none_even_with_grain(name, tone):
    toned = np.clip(grey(name) * tone, 0, 1).astype(np.float32)
    assert colour_measure(toned) < COLOURED_ABOVE
    assert colour_measure(noisy(toned, 0.03)) < COLOURED_ABOVE


TONES = {"black-and-white": 1.0, "sepia": SEPIA, "of a single tone": np.array([0.85, 0.95, 1.1], np.float32)}


@pytest.mark.parametrize("kind", TONES)
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_colorize_is_suggested_with_the_reason(name, kind):
    notice = suggest_colorize(np.clip(grey(name) * TONES[kind], 0, 1).astype(np.float32))
    assert notice.code == "colorize-suggested"
    assert f"The photo is {kind} (colour" in notice.message


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_colorize_is_not_suggested_for_colours(name):
    assert suggest_colorize(photograph(name)) is None
