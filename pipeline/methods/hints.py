"""Colours at places: parse hints, and spread each over what it lies on."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.lab import to_lab

_REACH = 0.45
"""How far a colour spreads where the luminance is even, as a part of the longer side."""
_STEP = 6.0
"""Step of L that makes a way between two pixels twice as long."""
_GRAIN = 5
"""Side of the window of the median that levels grain and weave, which are no edges."""
_SLANT = 2**0.5
"""Length of a way to the next row and column."""
_ROUNDS = 3
"""Sweeps in each direction; a way that turns back more often is not found."""


@dataclass(frozen=True)
class Hint:
    """A colour at a place."""

    x: float
    y: float
    """From 0 (left, top) to 1."""

    ab: Image
    """CIE a and b, shape (2,)."""

    def place(self, height: int, width: int) -> tuple[int, int]:
        """Return row and column in a picture of a size."""
        return int(self.y * (height - 1) + 0.5), int(self.x * (width - 1) + 0.5)


def parse(text: str) -> list[Hint]:
    """Return the hints of a text such as ``0.5,0.25,#2f4f8f 1,0,#808080``."""
    found = []
    for each in text.split():
        x, y, colour = each.split(",")
        rgb = np.array([[list(bytes.fromhex(colour[1:]))]], np.float32) / np.float32(255)
        found.append(Hint(float(x), float(y), to_lab(rgb)[0, 0, 1:]))
    return found


def spread(ab: Image, luminance: Plane, hints: Sequence[Hint]) -> Image:
    """Return ab in which each hint colours what surrounds it, up to the edges of the luminance.

    A way over an edge is long. A hint reaches as far as `_REACH`; between two hints, the nearer one counts more.

    Parameters
    ----------
    ab : ndarray of float32, shape (H, W, 2)
    luminance : ndarray of float32, shape (H, W)
        L, from 0 to 100.
    hints : sequence of Hint

    Returns
    -------
    ndarray of float32, shape (H, W, 2)

    References
    ----------
    .. [1] L. Yatziv and G. Sapiro, "Fast Image and Video Colorization Using Chrominance Blending", 2006: colours are
       blended by geodesic distances.
    """
    if not hints:
        return ab
    even = cv2.medianBlur(luminance, _GRAIN)
    reach = np.float32(_REACH * max(luminance.shape))
    total, weights = np.zeros_like(ab), np.zeros((*luminance.shape, 1), np.float32)
    most = np.zeros_like(weights)
    for hint in hints:
        distance = _distances(even, hint.place(*luminance.shape), reach)[..., None]
        influence = np.clip(2 * (1 - distance / reach), 0, 1)  # whole up to half the reach
        weight = influence / (1 + distance) ** 2
        total += weight * hint.ab
        weights += weight
        most = np.maximum(most, influence)
    mean = total / np.maximum(weights, np.float32(1e-9))
    return np.asarray(ab + most * (mean - ab), np.float32)


def _distances(luminance: Plane, place: tuple[int, int], most: np.float32) -> Plane:
    """Return how long the shortest way to a place is from each pixel, at most `most`; edges make ways longer."""
    found = np.full(luminance.shape, most, np.float32)
    found[place] = 0
    views = list(zip(_turned(found), _turned(luminance), strict=True))
    for _ in range(_ROUNDS):
        for distance, guide in views:
            _sweep(distance, guide)
    return found


def _turned(plane: Plane) -> list[Plane]:
    """Return views of a plane in which its four directions lead down."""
    return [plane, plane[::-1], plane.T, plane.T[::-1]]


def _sweep(distance: Plane, guide: Plane) -> None:
    """Shorten the ways that lead from each row to the next, straight or slanting."""
    for row in range(1, len(distance)):
        before, here = distance[row - 1], distance[row]
        levels, level = guide[row - 1], guide[row]
        np.minimum(here, before + _length(level - levels, 1), out=here)
        np.minimum(here[1:], before[:-1] + _length(level[1:] - levels[:-1], _SLANT), out=here[1:])
        np.minimum(here[:-1], before[1:] + _length(level[:-1] - levels[1:], _SLANT), out=here[:-1])


def _length(step: Plane, straight: float) -> Plane:
    """Return the length of a way between neighbours, by the step of the guide between them."""
    return np.float32(straight) * (1 + (step / np.float32(_STEP)) ** 2)
