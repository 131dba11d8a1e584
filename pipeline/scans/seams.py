"""The straight line between two prints that touch."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Mask, Plane
from pipeline.scans.glass import length

_CONTRAST = 3.0
"""Difference in Lab across a line that counts as an edge."""

_ALONG = 9
"""Pixels along a line over which colours are averaged before they are compared."""

_BESIDE = 7
"""Pixels across a line among which an edge is the strongest."""

_LEANS = (-4, -2, 0, 2, 4)
"""How far the ends of a line may lean, in pixels."""

_TELLING = 0.86
"""Share of a line along which there is an edge, where nothing else speaks for a cut."""

_HELPED, _GAIN = 0.75, 0.012
"""The same where both parts fill their rectangles better than the whole does, by `_GAIN` at least."""

_NOTCHED, _CLEAR = 0.3, 0.06
"""The same where they do by `_CLEAR`."""

_SECOND = 0.15
"""Share of the contour that runs along the second direction at least."""

_LONG, _SLIMMEST = 1.55, 0.6
"""Ratio of the sides of a rectangle that may be several prints, and of the slimmest print that is cut off it."""


@dataclass(frozen=True)
class Cut:
    """A line: the points whose product with `normal` is `offset`."""

    normal: tuple[float, float]
    offset: float


@dataclass(frozen=True)
class _Candidate:
    cut: Cut
    score: float


def best_cut(region: Mask, lab: Image, least: float) -> Cut | None:
    """Return the line that cuts a region into prints; None if it is one print.

    Lines run right through the region, along the directions of its own sides. A line counts if there is an edge along
    nearly all of it, or along less of it where the contour has a notch: both parts fill their rectangles better.

    Parameters
    ----------
    region : ndarray of bool, shape (H, W)
    lab : ndarray of float32, shape (H, W, 3)
        The reduced scan.
    least : float
        Short side of the smallest print, in pixels.
    """
    views = [view for angle in _directions(region) for view in _views(region, lab, angle)]
    full = max(*(view.mask.mean() for view in views), _filled(region))
    found = [candidate for view in views if (candidate := _across(view, full, least)) is not None]
    return max(found, key=lambda candidate: candidate.score).cut if found else None


def _filled(region: Mask) -> float:
    """Return how much of the smallest rectangle around it a region fills."""
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    (_, (width, height), _) = cv2.minAreaRect(max(contours, key=cv2.contourArea))
    return float(region.sum() / ((width + 1) * (height + 1)))


def _directions(region: Mask) -> list[float]:
    """Return the two most frequent directions of the contour's straight parts, in degrees, modulo 90."""
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 3.0, True)[:, 0].astype(np.float64)
    steps = np.roll(points, -1, axis=0) - points
    lengths = np.linalg.norm(steps, axis=1)
    angles = np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) % 90
    found: list[float] = []
    whole = lengths.sum()
    for _ in range(2):
        turns = (angles[:, None] - angles[None] + 45) % 90 - 45
        votes = (np.abs(turns) < 1.5) * lengths[:, None]
        best = votes.sum(axis=0).argmax()
        if found and votes[:, best].sum() < _SECOND * whole:
            break
        near = votes[:, best] > 0
        found.append(float(angles[best] + np.average(turns[near, best], weights=lengths[near])))
        lengths = np.where(near, 0.0, lengths)
    return found


@dataclass(frozen=True)
class _View:
    """A region turned so that the lines to try are upright."""

    mask: NDArray[np.uint8]
    edges: Plane
    matrix: NDArray[np.float64]


def _views(region: Mask, lab: Image, angle: float) -> Iterator[_View]:
    """Yield a region turned by an angle in degrees, and by 90 more."""
    for turn in (angle, angle + 90):
        matrix, size = _upright(region, turn)
        mask = cv2.warpAffine(region.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
        yield _View(mask, _edges(cv2.warpAffine(lab, matrix, size, borderMode=cv2.BORDER_REPLICATE), mask), matrix)


def _across(view: _View, full: float, least: float) -> _Candidate | None:
    """Return the best upright line through a region that fills a share `full` of its rectangle."""
    columns = view.mask.sum(axis=0, dtype=np.float64)
    inside = np.zeros(len(columns), np.bool_)
    inside[int(least) : -int(least)] = True
    gains = _fills(view.mask) - full
    sure = np.where(_plausible(view.mask), _TELLING, np.inf)
    sure = np.where(gains >= _CLEAR, _NOTCHED, np.where(gains >= _GAIN, _HELPED, sure))
    best: _Candidate | None = None
    for lean in _LEANS:
        share = _sheared(view.edges, lean).sum(axis=0) / np.maximum(columns, 1)
        score = np.where(inside & (share >= sure), share + 4 * np.maximum(gains, 0), 0.0)
        column = int(score.argmax())
        if score[column] > (best.score if best else 0.0):
            best = _Candidate(_back(view, column, lean), float(score[column]))
    return best


def _upright(region: Mask, angle: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the matrix that turns a region so that a direction points right, and the size of what it then takes."""
    y, x = np.nonzero(region)
    matrix = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)
    points = matrix[:, :2] @ np.stack([x, y])
    low, high = points.min(axis=1), points.max(axis=1)
    matrix[:, 2] = -low
    width, height = (int(v) + 1 for v in np.ceil(high - low))
    return matrix, (width, height)


def _edges(lab: Image, mask: NDArray[np.uint8]) -> Plane:
    """Return where colours differ from left to right more than beside it, within one pixel, inside a mask."""
    smooth = cv2.blur(lab, (1, _ALONG))
    step = np.zeros(lab.shape[:2], np.float32)
    step[:, 1:-1] = length(smooth[:, 2:] - smooth[:, :-2])
    peaks = (step > _CONTRAST) & (step >= cv2.dilate(step, np.ones((1, _BESIDE), np.uint8)))
    return cv2.dilate(peaks.astype(np.uint8), np.ones((1, 3), np.uint8)).astype(np.float32) * mask


def _sheared(edges: Plane, lean: float) -> Plane:
    if lean == 0:
        return edges
    height, width = edges.shape
    shear = np.array([[1, lean / height, -lean / 2], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(edges, shear, (width, height), flags=cv2.INTER_NEAREST))


def _fills(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how much of their rectangles the parts left and right of each column fill."""
    left = _heights(mask) * np.arange(1, mask.shape[1] + 1)
    right = _heights(mask[:, ::-1])[::-1] * np.arange(mask.shape[1], 0, -1)
    return np.asarray(mask.sum() / np.maximum(left + np.append(right[1:], 0), 1))


def _heights(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the height of what lies in the columns up to each one."""
    any_row = mask.any(axis=0)
    top = np.where(any_row, mask.argmax(axis=0), mask.shape[0])
    bottom = np.where(any_row, mask.shape[0] - mask[::-1].argmax(axis=0), 0)
    return np.maximum(np.maximum.accumulate(bottom) - np.minimum.accumulate(top), 0)


def _plausible(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return at which columns a rectangle that is too long for one print would be cut into prints."""
    height, width = mask.shape
    left = np.arange(1, width + 1) / height
    return np.asarray((width >= _LONG * height) & (np.minimum(left, width / height - left) >= _SLIMMEST))


def _back(view: _View, column: int, lean: float) -> Cut:
    """Return a column of a view as a line of the region."""
    normal = np.array([1.0, lean / view.mask.shape[0]])
    x, y = view.matrix[:, :2].T @ normal
    offset = column + 1 + lean / 2 - normal @ view.matrix[:, 2]
    return Cut((float(x), float(y)), float(offset))
