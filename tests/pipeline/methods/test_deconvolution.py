import cv2
import numpy as np
import pytest

from pipeline.methods import kernels
from pipeline.methods.deconvolution import SIDE, Blur, anisotropy, explained_by_sharpening, spectrum, wiener
from pipeline.methods.filters import gaussian
from tests.photographs import photograph, psnr

KERNELS = {"defocus": Blur("defocus", 2.5), "motion": Blur("motion", 9, 0.6)}


def blurred(image, blur):
    return cv2.filter2D(image, -1, blur.kernel(), borderType=cv2.BORDER_REFLECT_101)


@pytest.mark.parametrize("blur", KERNELS.values(), ids=KERNELS)
def test_wiener_undoes_a_known_blur(blur):
    truth = photograph("astronaut", 400)
    taken = blurred(truth, blur)
    assert psnr(wiener(taken, blur.kernel()), truth) > psnr(taken, truth) + 2


def test_wiener_hardly_changes_a_picture_under_a_kernel_of_one_pixel():
    truth = photograph("coffee", 151)
    assert psnr(wiener(truth, kernels.disk(0.3)), truth) > 38


def test_the_kernel_matches_the_kind():
    assert np.array_equal(Blur("defocus", 2).kernel(), kernels.disk(2))
    assert np.array_equal(Blur("motion", 7, 0.3).kernel(), kernels.motion(7, 0.3))
    assert Blur("other").kernel() is None


def test_motion_shows_as_stripes_across_its_direction():
    truth = photograph("astronaut", 400)
    difference = spectrum(blurred(truth, Blur("motion", 9, 0.0))) - spectrum(truth)
    middle = SIDE // 2
    zero = round(SIDE / 9)  # the first zero of a line of 9 pixels
    assert difference[:, middle + zero].mean() < difference[:, middle].mean() - 1
    along, across = np.abs(np.diff(difference, axis=0)).mean(), np.abs(np.diff(difference, axis=1)).mean()
    assert across > 1.5 * along


def test_a_spectrum_is_symmetric_and_independent_of_brightness():
    image = 0.5 * photograph("astronaut", 300)
    power = spectrum(image)
    assert power.shape == (SIDE, SIDE)
    assert power.mean() == pytest.approx(0, abs=1e-3)
    assert spectrum(image + 0.3) == pytest.approx(power, abs=0.1)
    assert spectrum(2 * image) == pytest.approx(power, abs=0.1)


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_only_motion_makes_a_spectrum_uneven(name):
    truth = photograph(name, 400)
    sharp, defocused, moved = (anisotropy(spectrum(x)) for x in (truth, *(blurred(truth, b) for b in KERNELS.values())))
    assert max(sharp, defocused) < 2 < moved


def test_sharpening_explains_what_sharpening_did_and_not_a_second_contour():
    image = gaussian(photograph("astronaut", 256), 1)
    sharper = image + 0.7 * (image - gaussian(image, 1.2))
    doubled = image + 0.5 * (np.roll(image, 6, axis=1) - image)
    assert explained_by_sharpening(image, sharper) > 0.95
    assert explained_by_sharpening(image, doubled) < 0.5
    assert explained_by_sharpening(image, image) == 0


@pytest.mark.parametrize("shape", [(1, 1), (16, 300), (128, 128), (129, 700)])
def test_any_size_has_a_spectrum(shape):
    image = np.random.default_rng(0).random((*shape, 3), np.float32)
    assert np.isfinite(spectrum(image)).all()
