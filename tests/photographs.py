"""Photographs from scikit-image, free to share: Eileen Collins (NASA), Chelsea, coffee, a rocket."""

from functools import lru_cache

import cv2
import numpy as np
import skimage.data


@lru_cache
def photograph(name, side=256):
    """Return a photograph as read-only float32 RGB in [0, 1], reduced to `side` pixels on the long side."""
    image = getattr(skimage.data, name)()
    factor = side / max(image.shape[:2])
    size = tuple(round(length * factor) for length in image.shape[1::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    small.flags.writeable = False
    return small


def psnr(image, truth):
    """Return the peak signal-to-noise ratio in dB."""
    return float(-10 * np.log10(max(np.mean((image - truth) ** 2), 1e-12)))


def noisy(image, sigma, seed=0):
    """Return the picture with Gaussian noise of standard deviation `sigma`."""
    grain = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image + grain, 0, 1).astype(np.float32)
