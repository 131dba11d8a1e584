from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.methods import kernels
from tests.training.scenes import gradient_energy, scene
from training.damage import degrade, recipes

KERNELS = {
    "gaussian": kernels.gaussian(1.5, 1.5, 0),
    "gaussian, anisotropic": kernels.gaussian(2.5, 0.6, 0.7),
    "disk": kernels.disk(2.5),
    "motion": kernels.motion(9, 0.5),
}
ALL_RECIPES = dict(recipes.RECIPES) | {"reduced": partial(recipes.reduced, scale=4)}


def rng(seed=0):
    return np.random.default_rng(seed)


def flat(value=0.5, size=96):
    return np.full((size, size, 3), value, np.float32)


@pytest.mark.parametrize("name", ALL_RECIPES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_recipes_are_seeded_bounded_and_leave_their_input(name, seed):
    recipe, image = ALL_RECIPES[name], scene()
    before = image.copy()
    first, second = recipe(image, rng(seed)), recipe(image, rng(seed))
    assert np.array_equal(first, second)
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert np.array_equal(image, before)
    assert first.shape == ((16, 20, 3) if name == "reduced" else image.shape)


@pytest.mark.parametrize("name", ALL_RECIPES)
def test_another_seed_is_other_damage(name):
    image = scene()
    assert not np.array_equal(ALL_RECIPES[name](image, rng(1)), ALL_RECIPES[name](image, rng(2)))


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipes_leave_the_picture_recognisable(name):
    damaged = recipes.RECIPES[name](scene(), rng(3))
    luma = scene() @ degrade.LUMA
    assert np.corrcoef(luma.ravel(), (damaged @ degrade.LUMA).ravel())[0, 1] > 0.8


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_reduced_pictures_keep_place_and_tone(scale):
    """A shift of all pictures by a quarter of a pixel would fail; a single one's blur may be lopsided."""
    image, shifts = scene(192, 192), []
    area = cv2.resize(image, (192 // scale,) * 2, interpolation=cv2.INTER_AREA)
    window = cv2.createHanningWindow(area.shape[1::-1], cv2.CV_64F)
    for seed in range(40):
        small = recipes.reduced(image, rng(seed), scale)
        assert (small - area).mean((0, 1)) == pytest.approx(np.zeros(3), abs=0.02)
        a, b = (degrade.soften(x, 2).mean(2).astype(np.float64) for x in (small, area))
        shifts.append(cv2.phaseCorrelate(a - a.mean(), b - b.mean(), window)[0])
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.1


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_blur_lowers_gradients_and_keeps_brightness(kernel):
    blurred = degrade.blur(scene(), kernel)
    assert gradient_energy(blurred) < 0.6 * gradient_energy(scene())
    assert degrade.blur(flat(), kernel) == pytest.approx(flat(), abs=1e-5)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_kernels_are_odd_centred_and_sum_to_one(kernel):
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel == pytest.approx(kernel[::-1, ::-1], abs=1e-6)


def spread(kernel, angle):
    """Standard deviation of a kernel along a direction."""
    radius = kernel.shape[0] // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return float(np.sqrt((kernel * (x * np.cos(angle) + y * np.sin(angle)) ** 2).sum()))


def test_kernels_have_the_widths_asked_for():
    tilted = kernels.gaussian(2.5, 0.8, 0.7)
    assert spread(tilted, 0.7) == pytest.approx(2.5, rel=0.05)
    assert spread(tilted, 0.7 + np.pi / 2) == pytest.approx(0.8, rel=0.05)
    assert spread(kernels.disk(4), 0.3) == pytest.approx(2, rel=0.05)  # radius / 2
    arc = kernels.motion(12, 1.1, bend=0.3)
    assert arc.sum() == pytest.approx(1, abs=1e-5)
    assert spread(arc, 1.1 + np.pi / 2) > 0.9
    path = kernels.motion(12, 1.1)
    assert spread(path, 1.1) == pytest.approx(12 / np.sqrt(12), rel=0.05)
    assert spread(path, 1.1 + np.pi / 2) < 0.6


@pytest.mark.parametrize("sigma", [0.01, 0.03])
def test_noises_have_about_the_strength_asked_for(sigma):
    for damage in (degrade.sensor_noise, degrade.shot_noise, degrade.film_grain):
        assert damage(flat(), sigma, rng()).std() == pytest.approx(sigma, rel=0.15), damage


def test_shared_noise_is_grey_and_own_noise_is_not():
    own = degrade.sensor_noise(flat(), 0.02, rng(), shared=0)
    grey = degrade.sensor_noise(flat(), 0.02, rng(), shared=1)
    assert np.corrcoef(own[..., 0].ravel(), own[..., 1].ravel())[0, 1] < 0.1
    assert grey[..., 0] == pytest.approx(grey[..., 1])
    assert grey.std() == pytest.approx(0.02, rel=0.1)


def test_grain_is_grey_clumped_and_strongest_in_the_middle():
    fine, coarse = (degrade.film_grain(flat(), 0.03, rng(), size=s) - 0.5 for s in (0.8, 3))
    assert coarse[..., 0] == pytest.approx(coarse[..., 2])
    assert gradient_energy(coarse) < 0.5 * gradient_energy(fine)
    assert degrade.film_grain(flat(0.95), 0.03, rng()).std() < 0.8 * fine.std()


def test_grain_of_colour_film_differs_between_channels():
    coloured = degrade.film_grain(flat(), 0.03, rng(), size=2, shared=0) - 0.5
    assert abs(np.corrcoef(coloured[..., 0].ravel(), coloured[..., 2].ravel())[0, 1]) < 0.15
    assert coloured.std() == pytest.approx(0.03, rel=0.1)


def edge():
    return np.where(np.arange(64) < 32, 0.3, 0.7).astype(np.float32)[None, :, None].repeat(16, 0).repeat(3, 2)


@pytest.mark.parametrize(
    "damage", [partial(degrade.oversharpen, amount=1, sigma=1.2), partial(degrade.ring, cutoff=0.5)]
)
def test_oversharpening_and_ringing_overshoot_edges_and_leave_flat_ground(damage):
    damaged = damage(edge())
    assert damaged.max() > 0.72
    assert damaged.min() < 0.28
    assert damage(flat()) == pytest.approx(flat(), abs=1e-5)


def test_ringing_makes_ripples_and_sharpening_does_not():
    sharpened, rung = degrade.oversharpen(edge(), 1, 1.2)[0, :, 0], degrade.ring(edge(), 0.5)[0, :, 0]
    turns = [int((np.diff(np.sign(np.round(np.diff(x), 4))) != 0).sum()) for x in (sharpened, rung)]
    assert turns[1] > turns[0]


def test_photon_noise_is_greatest_in_the_shadows():
    dark, light = (degrade.shot_noise(flat(v), 0.02, rng()).std() for v in (0.3, 0.8))
    assert dark > light


def test_jpeg_loses_more_at_lower_quality():
    losses = [np.abs(degrade.jpeg(scene(), q) - scene()).mean() for q in (95, 60, 20)]
    assert losses == sorted(losses)
    assert losses[0] < 0.02 < losses[2]


def test_jpeg_keeps_the_order_of_colours():
    red = np.broadcast_to(np.float32([0.9, 0.1, 0.2]), (16, 16, 3))
    assert degrade.jpeg(red, 95).mean((0, 1)) == pytest.approx([0.9, 0.1, 0.2], abs=0.03)


def test_fading_lifts_black_and_shrinks_contrast():
    faded = degrade.fade(scene(), black=0.15, contrast=0.7)
    assert faded.std() == pytest.approx(0.7 * scene().std(), rel=1e-3)
    assert faded.min() > scene().min()


def test_grey_and_sepia_lose_the_colours():
    grey, brown = degrade.grey(scene()), degrade.sepia(scene())
    assert np.ptp(grey, axis=2).max() < 1e-6
    assert (brown[..., 0] > brown[..., 1]).all()
    assert (brown[..., 1] > brown[..., 2]).all()
    assert brown[..., 0] / brown[..., 2] == pytest.approx(np.full((64, 80), 1.07 / 0.82), rel=0.1)


def test_an_aged_photograph_is_faded_soft_grained_and_without_colour():
    image = scene(128, 128)
    aged = recipes.age(image, rng(4))
    ratio = aged.reshape(-1, 3) / aged.mean(2).reshape(-1, 1)
    assert ratio.std(0).max() < 0.05  # one hue everywhere
    assert aged.std() < 0.9 * degrade.grey(image).std()
    assert aged.min() > 0.02
