"""Find damage at two scales: what is thin shows at the fine one, what it belongs to at the coarse one.

A detector sees some hundred pixels around each one. At half the size it sees twice as far, and where it then finds a
dress, a fence or a row of beads, its doubt counts against the marks of the finer look. The idea of several scales is
that of image pyramids [1]_.

References
----------
.. [1] P. Burt, E. Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on Communications 31,
   1983.
"""

from collections.abc import Callable

import cv2
import numpy as np

from pipeline.arrays import Image

_SMALL = 350_000
"""Pixels of a picture below which the finer look is at twice its size: its specks are smaller than in training."""
_DOUBT = 0.5
"""Share of the difference between the two looks, in log odds, by which the coarse one lowers the fine one."""
_MOST_DOUBT = 3.0
"""Log odds by which it lowers them at most: thin scratches do not show at the coarse scale."""
_SURE = 1e-4


def at_two_scales(detect: Callable[[Image, float, float], Image], image: Image) -> Image:
    """Return the probability of damage according to both looks.

    Parameters
    ----------
    detect : callable
        Takes a picture, and start and stop of its part of the work, from 0 to 1; returns probabilities of the same
        size.
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W)
        In [0, 1]; never above the fine look's.
    """
    height, width = image.shape[:2]
    if height * width < _SMALL:
        looks = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC).clip(0, 1), image
    else:
        halved = max(width // 2, 1), max(height // 2, 1)
        looks = image, cv2.resize(image, halved, interpolation=cv2.INTER_AREA)
    fine, coarse = (
        _log_odds(_sized(detect(look, start, stop), width, height))
        for look, start, stop in zip(looks, (0.0, 0.8), (0.8, 1.0), strict=True)
    )
    doubt = np.clip(_DOUBT * (fine - coarse), 0, _MOST_DOUBT)
    return np.asarray(1 / (1 + np.exp(doubt - fine)), np.float32)


def _sized(probability: Image, width: int, height: int) -> Image:
    way = cv2.INTER_AREA if probability.shape[1] > width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(probability, (width, height), interpolation=way), np.float32)


def _log_odds(probability: Image) -> Image:
    sure = np.clip(probability, _SURE, 1 - _SURE)
    return np.asarray(np.log(sure / (1 - sure)), np.float32)
