import numpy as np
import pytest
from skimage.color import rgb2lab

from pipeline.context import Context
from pipeline.methods.filters import luma
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from pipeline.stages import Colorize
from tests.photographs import noisy, photograph

SEPIA = np.array([1.05, 0.95, 0.75], np.float32)


def grey(name):
    return np.repeat(luma(photograph(name))[..., None], 3, axis=2)


def test_lab_equals_scikit_image():
    image = photograph("coffee")
    assert np.abs(to_lab(image) - rgb2lab(image)).mean() < 0.05


def test_lab_and_back_is_the_identity():
    image = photograph("coffee")
    np.testing.assert_allclose(from_lab(to_lab(image)), image, atol=2e-3)


def test_colours_outside_rgb_keep_their_luminance():
    lab = to_lab(photograph("astronaut")) * np.array([1, 4, 4], np.float32)
    out = from_lab(lab)
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.abs(to_lab(out)[..., 0] - lab[..., 0]).mean() < 0.5


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_colour_photographs_are_measured_as_coloured(name):
    assert colour_measure(photograph(name)) > COLOURED_ABOVE


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("tone", [1.0, SEPIA], ids=["grey", "sepia"])
def test_grey_and_sepia_are_not_measured_as_coloured(name, tone):
    toned = np.clip(grey(name) * tone, 0, 1).astype(np.float32)
    assert colour_measure(toned) < COLOURED_ABOVE
    assert colour_measure(noisy(toned, 0.03)) < COLOURED_ABOVE


def test_a_small_part_in_colour_makes_a_photograph_coloured():
    image = grey("coffee").copy()
    image[60:105, 60:105] = photograph("astronaut", 60)[:45, :45]
    lab = to_lab(image)
    assert np.linalg.norm(lab[..., 1:], axis=2).mean() < COLOURED_ABOVE  # by the mean alone it is black and white
    assert colour_measure(image) > COLOURED_ABOVE


def test_stains_do_not_make_a_sepia_print_coloured():
    image = np.clip(grey("coffee") * SEPIA, 0, 1).astype(np.float32)
    image[:50, :50] *= np.float32([1, 0.93, 0.85])
    assert colour_measure(image) < COLOURED_ABOVE


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_colorize_is_not_suggested_for_colours(name):
    assert Colorize().examine(photograph(name), Context(None)).suggestion is None
