"""How sharp a face is, and whether two pictures show the same person."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.network import Network
from pipeline.arrays import Image
from pipeline.methods import alignment
from pipeline.methods.alignment import ARCFACE, Points
from pipeline.methods.filters import gaussian, luma

Verdict = Literal["certain", "likely", "unknown"]
"""Whether two pictures show the same person; unknown where the first shows too little to tell."""

SIDE = 112
"""Side in pixels of the crops that the embedding network takes."""

CERTAIN, LIKELY = 0.85, 0.6
"""Cosine of `fast-embedding` from which two pictures certainly or likely show one person.

Of 60 faces that were damaged and restored, 95 in 100 of those that were clear enough kept 0.86 or more, 95 in 100 of
those that were legible 0.73 or more. Different persons have at most 0.58, and in 99 of 100 pairs at most 0.39.
"""
UNLIKE = 0.45
"""Cosine below which a face is another one, where the first picture shows too little for more."""

CLEAR, LEGIBLE = 0.34, 0.18
"""`Sharpness.form` from which a face is clear enough for `CERTAIN`, and for `LIKELY`."""

NEEDY, WELL, _LEAST = 0.2, 0.42, 0.15
"""`Sharpness.form` down to which a face needs its whole restoration, and from which it needs only the last share."""

_BLOCK, _SMOOTH = 15 / 256, 25
"""Side of the blocks in which energy is averaged, as a share of the crop's, and the percentile that is smooth."""


@dataclass(frozen=True)
class Sharpness:
    """How much of a face's detail is there; ratios to its coarse structure, which damage changes little."""

    form: float
    """Of features of two to four pixels of a crop of 256; noise changes it little."""

    detail: float
    """Of the finest features; 0.3 to 0.8 in sharp faces."""


def sharpness(crop: Image) -> Sharpness:
    """Return how sharp an aligned face is.

    Differences of Gaussians split the luma of the face into bands; their energy relative to a coarse band hardly
    depends on the person. That of the smoothest quarter is grain, and does not count. Measured on 45 faces of 256
    pixels, medians of `form`: 0.46 undamaged, with noise or without, 0.35 reduced by 3, 0.30 by 4, 0.22 by 6.

    Parameters
    ----------
    crop : ndarray of float32, shape (side, side, 3)
        RGB in [0, 1], aligned by the template `FFHQ`.
    """
    grey, side = luma(crop), crop.shape[0]
    scales = [grey, *(gaussian(grey, sigma * side / 256) for sigma in (1, 2, 4, 8))]
    energy = [np.square(a - b) for a, b in pairwise(scales)]
    inner, block = _inner(side), max(round(_BLOCK * side), 1)
    coarse = max(float(energy[3][inner].mean()), 1e-9)
    detail, form = (
        float(band[inner].mean() - np.percentile(cv2.blur(band, (block, block))[inner], _SMOOTH)) for band in energy[:2]
    )
    return Sharpness(math.sqrt(max(form, 0) / coarse), math.sqrt(max(detail, 0) / coarse))


def embedding(image: Image, points: Points, network: Network) -> NDArray[np.float32]:
    """Return the unit vector by which a network tells persons apart.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    points : ndarray, shape (5, 2)
        In its pixels.
    network : Network
        Takes RGB in [0, 1], shape (1, 3, 112, 112).
    """
    crop = alignment.cut(image, alignment.align(points, ARCFACE, SIDE), SIDE)
    vector = network.run(np.ascontiguousarray(crop.transpose(2, 0, 1)[None])).reshape(-1)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def need(form: float) -> float:
    """Return the share of its restoration that a face needs, in [0, 1], by its `Sharpness.form`.

    A restored face is clearer than it was, so that a second restoration changes it little. The network's own answer for
    it would go on: what it sees around the face is still damaged.
    """
    return min(max((WELL - form) / (WELL - NEEDY), _LEAST), 1.0)


def least(form: float) -> float:
    """Return the cosine that a restored face must keep, by the `Sharpness.form` of the face before."""
    return CERTAIN if form >= CLEAR else LIKELY if form >= LEGIBLE else UNLIKE


def verdict(cosine: float, form: float) -> Verdict:
    """Return what a cosine says, by the `Sharpness.form` of the face before."""
    if form < LEGIBLE:
        return "unknown"
    return "certain" if cosine >= CERTAIN else "likely"


def _inner(side: int) -> NDArray[np.bool_]:
    """Return the part of an aligned crop that is face, shape (side, side)."""
    mask = np.zeros((side, side), np.uint8)
    centre, radii = (round(0.5 * side), round(0.617 * side)), (round(0.258 * side), round(0.297 * side))
    cv2.ellipse(mask, centre, radii, 0, 0, 360, 1, -1)
    return mask.astype(bool)
