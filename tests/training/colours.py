"""Photographs, and patches of them, for tests of the colorizer."""

from dataclasses import replace

import numpy as np
import pytest

from tests.photographs import photograph
from training.data import Photograph
from training.settings import Settings
from training.tasks import colour_patches
from training.tasks.colorize import COLORIZE

NAMES = ("astronaut", "coffee", "chelsea", "rocket")


def pixels(name, side=200):
    return (photograph(name, side) * 255).astype(np.uint8)


def keep(image, rng):
    return image


def patches_of(photographs, damage, count, seed):
    settings = Settings(data=(), out=None, steps=1, patch=64, losses=(("classes", 1.0),))
    return replace(COLORIZE, damage=damage).patches(photographs, settings, count, seed)


@pytest.fixture(scope="module")
def photographs():
    return [
        Photograph(name, colour_patches.fit(pixels(name), 64))
        for name in NAMES
        if colour_patches.fit(pixels(name), 64) is not None
    ]
