"""Patches and prints that a colorizer learns from."""

import cv2
import numpy as np
import torch

from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import colour_measure
from tests.photographs import photograph
from tests.training.colours import keep, patches_of, photographs, pixels
from training.data import Photograph
from training.tasks import colour_patches

__all__ = ["photographs"]  # a fixture


def test_photographs_are_brought_near_the_size_of_a_patch():
    assert min(colour_patches.fit(pixels("coffee", 400), 128).shape[:2]) == colour_patches.SHORT_SIDE
    assert min(colour_patches.fit(pixels("coffee", 96), 128).shape[:2]) == 128
    assert colour_patches.fit(pixels("coffee", 200), 128).shape == pixels("coffee", 200).shape


def test_photographs_without_colours_are_left_out():
    grey = np.repeat(pixels("coffee")[..., :1], 3, axis=2)
    assert colour_patches.fit(grey, 64) is None


def test_a_patch_is_luminance_and_the_colours_that_belong_to_it(photographs):
    patches = patches_of(photographs, keep, 9, seed=3)
    for index in range(9):
        lightness, ab = patches[index]
        assert (lightness.shape, ab.shape) == ((1, 64, 64), (2, 16, 16))
        small = cv2.resize(lightness[0].numpy(), (16, 16), interpolation=cv2.INTER_AREA)
        picture = from_lab(np.dstack([small, *ab.numpy()]))
        assert 0 < to_lab(picture)[..., 0].mean() < 100
        assert colour_measure(picture) > 1


def test_the_luminance_is_that_of_the_damaged_print_and_the_colours_are_not(photographs):
    lightness, ab = patches_of(photographs, lambda image, rng: 0 * image, 1, seed=0)[0]
    assert lightness.abs().max() == 0
    assert ab.abs().max() > 1


def test_a_patch_depends_on_seed_and_number_alone(photographs):
    one, same, other = (patches_of(photographs, colour_patches.printed, 9, seed) for seed in (1, 1, 2))
    one[3]
    assert all(torch.equal(a, b) for a, b in zip(one[7], same[7], strict=True))
    assert not torch.equal(one[7][0], other[7][0])


def test_patches_are_mirrored_and_never_turned():
    sky = np.zeros((80, 80, 3), np.uint8)
    sky[:40], sky[40:] = (90, 150, 255), (120, 90, 40)
    sky[:, 40:] //= 2
    patches = patches_of([Photograph("sky", sky)], keep, 40, seed=0)
    lightness = np.stack([patches[i][0][0].numpy() for i in range(40)])
    blue = np.stack([patches[i][1][1].numpy() for i in range(40)])
    assert (blue[:, :4].mean((1, 2)) < blue[:, -4:].mean((1, 2))).all()
    left_is_light = lightness[:, :, :8].mean((1, 2)) > lightness[:, :, -8:].mean((1, 2))
    assert 0 < left_is_light.mean() < 1


def test_prints_are_grey_or_of_one_tone_and_about_half_have_aged():
    image = photograph("astronaut", 128)
    clean = colour_patches.grey(image)
    aged = 0
    for seed in range(60):
        made = colour_patches.printed(image, np.random.default_rng(seed))
        assert made.min() >= 0
        assert made.max() <= 1
        assert colour_measure(made.astype(np.float32)) < 3
        aged += not np.array_equal(made, clean)
    assert 20 < aged < 40
