"""Find damage at several scales: what is thin shows at the fine one, what it belongs to at the coarse one.

A detector sees some hundred pixels around each one. At half the size it sees twice as far, and where it then finds a
dress, a fence or a row of beads, its doubt counts against the marks of the finer look. The idea of several scales is
that of image pyramids [1]_.

References
----------
.. [1] P. Burt, E. Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on Communications 31,
   1983.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from pipeline.arrays import Image

_SMALL = 350_000
"""Pixels of a picture below which a third look is at twice its size: its specks are smaller than in training."""
_DOUBT = 0.5
"""Share of the difference between two looks, in log odds, by which the coarse one lowers the fine one."""
_MOST_DOUBT = 3.0
"""Log odds by which it lowers them at most: thin scratches do not show at the coarse scale."""
_SURE = 1e-4


def at_scales(detect: Callable[[Image, float, float], Image], image: Image) -> Image:
    """Return the probability of damage according to all looks.

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
        In [0, 1].
    """
    height, width = image.shape[:2]
    scales = (2.0, 1.0, 0.5) if height * width < _SMALL else (1.0, 0.5)
    areas = np.cumsum([0.0, *(scale**2 for scale in scales)])
    odds = [
        _log_odds(_sized(detect(_scaled(image, scale), start, stop), width, height))
        for scale, (start, stop) in zip(scales, pairwise((areas / areas[-1]).tolist()), strict=True)
    ]
    sure = np.max([_doubted(fine, coarse) for fine, coarse in pairwise(odds)], axis=0)
    return np.asarray(1 / (1 + np.exp(-sure)), np.float32)


def _doubted(fine: Image, coarse: Image) -> Image:
    """Return the log odds of a fine look, lowered where the coarse one is less sure."""
    return np.asarray(fine - np.clip(_DOUBT * (fine - coarse), 0, _MOST_DOUBT), np.float32)


def _scaled(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = [max(1, int(scale * side)) for side in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=way).clip(0, 1), np.float32)


def _sized(probability: Image, width: int, height: int) -> Image:
    way = cv2.INTER_AREA if probability.shape[1] > width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(probability, (width, height), interpolation=way), np.float32)


def _log_odds(probability: Image) -> Image:
    sure = np.clip(probability, _SURE, 1 - _SURE)
    return np.asarray(np.log(sure / (1 - sure)), np.float32)
