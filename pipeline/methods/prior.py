"""What a whole picture tells of its pixels: one that is damaged elsewhere, and alike, is damaged here sooner.

A detector votes as if every picture had the usual share of damage. Most have none, some have much, and on one print
nearly all scratches are lighter than their surroundings, or all are darker. Both shares are estimated from the votes
themselves, by expectation and maximisation, and the votes are moved by them [1]_.

References
----------
.. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities:
   a simple procedure", Neural Computation 14, 2002.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.methods.filters import luma

Image = NDArray[np.float32]

_AROUND = 15
"""Side, in pixels, of the surroundings whose median a scratch is compared with."""
_BINS = 512
_ROUNDS = 30
_LEAST, _MOST = 2e-4, 0.2
"""Limits of a share: a single vote is not laughed at, and a torn print not taken for nothing but damage."""
_SURE = 1e-5


def weigh(votes: Image, image: Image, usual: float) -> Image:
    """Move a detector's votes by how much damage, light and dark, there is in the picture.

    Parameters
    ----------
    votes : ndarray of float32, shape (H, W)
        Probability of damage, in [0, 1], as if `usual` of all pixels were damaged.
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    usual : float
        In (0, 1).

    Returns
    -------
    ndarray of float32, shape (H, W)
        Probability of damage; among pixels that are lighter than their surroundings the order of votes stays, and
        among those that are darker.
    """
    sides = _is_lighter(image).astype(np.intp)
    steps = np.rint(votes * (_BINS - 1)).astype(np.intp)
    counts = np.bincount((sides * _BINS + steps).ravel(), minlength=2 * _BINS).reshape(2, _BINS)
    factors = _factors(counts / votes.size, usual)[sides]
    sure = np.clip(votes, _SURE, 1 - _SURE)
    return np.asarray(sure * factors / (1 - sure + sure * factors), np.float32)


def _factors(shares: NDArray[np.float64], usual: float) -> Image:
    """Return by what the odds of dark and light damage change, shape (2,), from shares of votes, shape (2, bins)."""
    centres = np.clip(np.linspace(0, 1, _BINS), _SURE, 1 - _SURE)
    odds, factors = centres / (1 - centres), np.ones(2)
    for _ in range(_ROUNDS):
        moved = odds * factors[:, None]
        damaged = np.clip((shares * moved / (1 + moved)).sum(axis=1), _LEAST, _MOST)
        factors = damaged / (usual / 2)
    return factors.astype(np.float32)


def _is_lighter(image: Image) -> NDArray[np.bool_]:
    """Say where a picture is at least as light as what surrounds it, shape (H, W)."""
    grey = np.rint(luma(image) * 255).astype(np.uint8)
    return np.asarray(grey >= cv2.medianBlur(grey, _AROUND))
