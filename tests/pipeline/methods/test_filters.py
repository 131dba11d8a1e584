import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import blur_effect

from pipeline.methods.filters import by_strips, gaussian, luma
from pipeline.methods.measures import blur_measure, noise_sigma
from tests.photographs import noisy, photograph


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_noise_is_estimated(name, sigma):
    smooth = gaussian(photograph(name), 2)
    grey = np.repeat(noisy(luma(smooth)[..., None], sigma), 3, axis=2)
    assert noise_sigma(grey) == pytest.approx(sigma, rel=0.35)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_texture_is_not_measured_as_noise(name):
    assert noise_sigma(photograph(name)) < noise_sigma(noisy(photograph(name), 0.04)) / 2


def test_noise_is_zero_in_a_picture_smaller_than_a_block():
    assert noise_sigma(np.random.default_rng(0).random((8, 300, 3), np.float32)) == 0


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_the_blur_measure_grows_with_blur(name):
    image = photograph(name, 384)
    measures = [blur_measure(gaussian(image, sigma) if sigma else image) for sigma in (0, 1, 2, 4)]
    assert measures == sorted(measures)
    assert measures[-1] > measures[0] + 0.15


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40))
def test_strips_equal_the_whole(height, width):
    image = np.random.default_rng(height).random((height, width, 3), np.float32)
    seen = []
    out = by_strips(image, lambda s: gaussian(s, 1.0), halo=6, advance=seen.append)
    np.testing.assert_allclose(out, gaussian(image, 1.0), atol=2e-3)
    assert seen[0] == 0


@pytest.mark.parametrize(("workers", "waves"), [(1, 7), (3, 3)])
def test_strips_of_a_large_picture_have_no_seams(workers, waves, monkeypatch):
    monkeypatch.setattr("pipeline.methods.filters._WORKERS", workers)
    monkeypatch.setattr("pipeline.methods.filters._STRIP_PIXELS", 64 * 32)
    image = cv2.resize(photograph("astronaut"), (64, 200)).astype(np.float32)
    seen = []
    out = by_strips(image, lambda s: gaussian(s, 1.0), halo=6, advance=seen.append)
    assert len(seen) == waves
    np.testing.assert_allclose(out, gaussian(image, 1.0), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(1, 30), st.integers(0, 12))
def test_strips_in_place_give_the_same_values(height, width, halo):
    image = np.random.default_rng(height).random((height, width, 3), np.float32)
    before = image.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.methods.filters._STRIP_PIXELS", 16 * width)
        apart = by_strips(image, lambda s: gaussian(s, 1.0), halo=halo, advance=lambda done: None)
        np.testing.assert_array_equal(image, before)
        over = by_strips(image, lambda s: gaussian(s, 1.0), halo=halo, advance=lambda done: None, reuse=True)
    np.testing.assert_array_equal(over, apart)
    assert np.shares_memory(over, image)
    assert over is not image


@pytest.mark.parametrize("sigma", [0.0, 0.7, 2.0])
def test_the_blur_measure_equals_scikit_image(sigma):
    image = photograph("coffee", 200)
    image = gaussian(image, sigma) if sigma else image
    assert blur_measure(image) == pytest.approx(blur_effect(luma(image), h_size=5), abs=1e-4)
