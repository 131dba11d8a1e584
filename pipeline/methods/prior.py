"""Adjust damage probabilities by how damaged the whole picture is.

A detector is trained with a prior: a fixed share of damaged pixels. Most pictures have no damage, some have much, and
on one print nearly all scratches are lighter than their surroundings, or all are darker. The shares of light and of
dark damage are estimated from the detector's probabilities by expectation maximisation, and replace the prior [1]_.

References
----------
.. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities:
   a simple procedure", Neural Computation 14, 2002.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image
from pipeline.methods.filters import luma

_AROUND = 15
"""Side in pixels of the window whose median a pixel is compared with."""
_BINS = 512
_ROUNDS = 30
_LEAST, _MOST = 2e-4, 0.2
"""Bounds on the estimated share of damage."""
_SURE = 1e-5


def weigh(probability: Image, image: Image, prior: float) -> Image:
    """Return damage probabilities adjusted to the picture's own share of light and dark damage.

    Parameters
    ----------
    probability : ndarray of float32, shape (H, W)
        Probability of damage, in [0, 1], from a detector trained with `prior`.
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    prior : float
        Prior share of damaged pixels, in (0, 1).

    Returns
    -------
    ndarray of float32, shape (H, W)
        Probability of damage, in [0, 1]. The adjustment is monotonic for pixels lighter than their surroundings, and
        for those darker.
    """
    sides = _is_lighter(image).astype(np.intp)
    steps = np.rint(probability * (_BINS - 1)).astype(np.intp)
    counts = np.bincount((sides * _BINS + steps).ravel(), minlength=2 * _BINS).reshape(2, _BINS)
    factors = _factors(counts / probability.size, prior)[sides]
    sure = np.clip(probability, _SURE, 1 - _SURE)
    return np.asarray(sure * factors / (1 - sure + sure * factors), np.float32)


def _factors(shares: NDArray[np.float64], prior: float) -> Image:
    """Return the factors on the odds of dark and light damage, shape (2,).

    `shares` is a histogram of the probabilities, shape (2, bins), as shares of all pixels.
    """
    centres = np.clip(np.linspace(0, 1, _BINS), _SURE, 1 - _SURE)
    odds, factors = centres / (1 - centres), np.ones(2)
    for _ in range(_ROUNDS):
        moved = odds * factors[:, None]
        damaged = np.clip((shares * moved / (1 + moved)).sum(axis=1), _LEAST, _MOST)
        factors = damaged / (prior / 2)
    return factors.astype(np.float32)


def _is_lighter(image: Image) -> NDArray[np.bool_]:
    """Return a mask, shape (H, W), of the pixels at least as light as the median around them."""
    grey = np.rint(luma(image) * 255).astype(np.uint8)
    return np.asarray(grey >= cv2.medianBlur(grey, _AROUND))
