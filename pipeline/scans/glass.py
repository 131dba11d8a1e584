"""The glass or page around the prints of a scan: its colour, its light, and what differs from it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Plane

_RING = 0.02
"""Width of the ring along the edge that is searched for glass, in shares of the long side."""

_LEAST = 0.35
"""Share of the ring that is glass at least."""

_BIN = np.array([5.0, 6.0, 6.0])
"""Steps in Lab of the histogram whose peak is the glass."""

_FIRST, _LOWEST, _HIGHEST = 9.0, 1.8, 8.0
"""Distances in Lab that count as glass: at first, and at least and at most once its noise is known."""

_SIGMAS = 6.0
_MEDIAN = 1.54
"""Median length of a vector of three normal numbers (the chi distribution of 3 degrees)."""

_SAMPLES = 20_000
_COARSE = 65
"""Side of the grid on which the light is computed."""


@dataclass(frozen=True)
class Glass:
    """What lies around the prints, in a reduced scan."""

    distance: Plane
    """Distance of every pixel from the glass, in Lab."""

    threshold: float
    """What differs more is no glass."""


def measure(lab: Image) -> Glass | None:
    """Return the glass of a scan; None if no one colour lies along the edge.

    The peak of the histogram along the edge is the first guess; a surface of second order then follows the light.

    Parameters
    ----------
    lab : ndarray of float32, shape (H, W, 3)
        CIE Lab, reduced so far that noise and dust are small.
    """
    ring = _ring(lab.shape[:2])
    seed = _peak(lab[ring])
    distance = length(lab - seed)
    limit = _FIRST
    for order in (1, 2, 2):
        near = _from_edge(distance < limit)
        if near[ring].mean() < _LEAST:
            return None
        distance = length(lab - _surface(lab, near, order))
        sigma = np.median(distance[near]) / _MEDIAN
        limit = float(np.clip(_SIGMAS * sigma, _LOWEST, _HIGHEST))
    return Glass(distance, limit)


def length(lab: Image) -> Plane:
    """Return the length of the vectors of three channels, shape (H, W)."""
    return np.asarray(cv2.sqrt(cv2.transform(cv2.multiply(lab, lab), np.ones((1, 3), np.float32))), np.float32)


def _ring(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    width = max(round(_RING * max(shape)), 3)
    ring = np.ones(shape, np.bool_)
    ring[width:-width, width:-width] = False
    return ring


def _peak(colours: Image) -> Image:
    """Return the most frequent colour, shape (3,)."""
    bins = np.rint(colours / _BIN).astype(np.int64)
    _, index, counts = np.unique(bins @ np.array([1, 1000, 1_000_000]), return_inverse=True, return_counts=True)
    centre = np.median(colours[index == counts.argmax()], axis=0)
    return np.median(colours[np.linalg.norm(colours - centre, axis=1) < _FIRST], axis=0)


def _from_edge(alike: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return those regions of a mask that reach the edge of the scan."""
    _, labels = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    keep = np.zeros(labels.max() + 1, np.bool_)
    keep[edge] = True
    keep[0] = False
    return keep[labels]


def _surface(lab: Image, where: NDArray[np.bool_], order: int) -> Image:
    """Return the polynomial of an order in x and y that fits the colours best, shape (H, W, 3)."""
    height, width = lab.shape[:2]
    y, x = np.nonzero(where)
    step = max(len(y) // _SAMPLES, 1)
    y, x = y[::step], x[::step]
    terms = _terms(x / (width - 1) - 0.5, y / (height - 1) - 0.5, order)
    weights, *_ = np.linalg.lstsq(terms, lab[y, x].astype(np.float64), rcond=None)
    rows, columns = np.mgrid[0:_COARSE, 0:_COARSE] / (_COARSE - 1) - 0.5
    coarse = _terms(columns.ravel(), rows.ravel(), order) @ weights
    shape = coarse.astype(np.float32).reshape(_COARSE, _COARSE, 3)
    across = np.array([[(width - 1) / (_COARSE - 1), 0, 0], [0, (height - 1) / (_COARSE - 1), 0]])
    return np.asarray(cv2.warpAffine(shape, across, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _terms(x: NDArray[np.floating], y: NDArray[np.floating], order: int) -> NDArray[np.floating]:
    linear = [np.ones_like(x), x, y]
    return np.stack(linear if order == 1 else [*linear, x * x, x * y, y * y], axis=1)
