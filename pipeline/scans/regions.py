"""Regions of a scan that are prints: separate those that touch, and lay a rectangle around each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Mask
from pipeline.scans.glass import Glass
from pipeline.scans.seams import Cut, best_cut

SMALLEST = 0.05
"""Short side of the smallest print, in shares of the scan's long side."""

_THIN = 0.012
"""Width of hairs and scratches that are no part of a print, in shares of the scan's long side."""

_FULL = 0.9
"""Overlap (IoU) of a region with the quadrilateral around it, at least."""

_CENTRAL = 0.85
"""Share of each side, about its middle, through which a line is laid."""

_DEEPEST = 8
"""Cuts through a region, one inside the other."""


@dataclass(frozen=True)
class _Region:
    """A part of the scan, cropped to its bounds."""

    mask: Mask
    lab: Image
    origin: tuple[int, int]
    """x and y of its first pixel on the scan."""

    def part(self, mask: Mask, box: tuple[int, int, int, int]) -> "_Region":
        """Return what lies in a box (x, y, width, height) of the region."""
        x, y, width, height = box
        inside = np.s_[y : y + height, x : x + width]
        return _Region(mask[inside], self.lab[inside], (self.origin[0] + x, self.origin[1] + y))


@dataclass(frozen=True)
class Found:
    """The first guess."""

    corners: list[NDArray[np.float64]]
    """Those of each print, clockwise from the top left, shape (4, 2) each."""

    area: float
    """Pixels of everything that is no glass."""


def quadrilaterals(lab: Image, page: Glass) -> Found:
    """Return the corners of each print.

    Parameters
    ----------
    lab : ndarray of float32, shape (H, W, 3)
        The reduced scan.
    page : Glass
        What lies around the prints.
    """
    scale = float(max(lab.shape[:2]))
    solid = _opened(_filled(page.distance > page.threshold), _THIN * scale)
    every = _components(_Region(solid, lab, (0, 0)), SMALLEST * scale)
    return Found([corners for region in every for corners in _prints(region, scale, 0)], float(solid.sum()))


def _filled(mask: Mask) -> Mask:
    """Return a mask without holes; a frame along the scan's edge keeps its own."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    height, width = mask.shape
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if (x == 0) + (y == 0) + (x + w == width) + (y + h == height) < 3:
            cv2.drawContours(closed, [contour], -1, 1, cv2.FILLED)
    return closed.astype(np.bool_)


def _opened(mask: Mask, width: float) -> Mask:
    side = max(round(width), 3) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    edge = cv2.copyMakeBorder(mask.astype(np.uint8), side, side, side, side, cv2.BORDER_CONSTANT, value=0)
    return cv2.morphologyEx(edge, cv2.MORPH_OPEN, kernel)[side:-side, side:-side].astype(np.bool_)


def _components(region: _Region, least: float) -> Iterator[_Region]:
    """Yield each connected part that is large enough for a print."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.mask.astype(np.uint8), connectivity=4)
    for label in range(1, count):
        x, y, width, height, _ = stats[label].tolist()
        if min(width, height) >= least:
            yield region.part(labels == label, (x, y, width, height))


def _prints(region: _Region, scale: float, depth: int) -> Iterator[NDArray[np.float64]]:
    """Yield the rectangles of the prints in a region, cut apart along the straight lines between them."""
    least = SMALLEST * scale
    cut = best_cut(region.mask, region.lab, least) if depth < _DEEPEST else None
    if cut is None:
        corners, full = _quadrilateral(region.mask)
        if full >= _FULL and _short(corners) >= least:
            yield corners + region.origin
        return
    for half in _halves(region.mask, cut):
        for part in _components(replace(region, mask=_opened(half, _THIN * scale)), least):
            yield from _prints(part, scale, depth + 1)


def _halves(mask: Mask, cut: Cut) -> tuple[Mask, Mask]:
    y, x = np.ogrid[0 : mask.shape[0], 0 : mask.shape[1]]
    before = (x + 0.5) * cut.normal[0] + (y + 0.5) * cut.normal[1] < cut.offset
    return mask & before, mask & ~before


def _quadrilateral(mask: Mask) -> tuple[NDArray[np.float64], float]:
    """Return the four corners of a region, clockwise from its top left, and the overlap (IoU) with what they enclose.

    The sides of the smallest rectangle around it are laid through the contour near them.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    box = clockwise(cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float64))
    corners = _fitted(outline[:, 0].astype(np.float32), box)
    drawn = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), np.rint(corners).astype(np.int32), 1).astype(np.bool_)
    return corners + 0.5, float((mask & drawn).sum() / (mask | drawn).sum())


def _fitted(outline: NDArray[np.float32], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners in which lines meet that are laid through the contour near each side of a box."""
    own = cv2.getPerspectiveTransform(
        box.astype(np.float32), np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    )
    x, y = cv2.perspectiveTransform(outline[None], own)[0].T
    near = (-y, x, y, -x)
    lines = []
    for index in range(4):
        along = np.abs(near[index - 1]) < _CENTRAL
        points = outline[along & (near[index] > _CENTRAL * np.maximum(np.abs(near[index - 1]), 0.3))]
        if len(points) < 2:
            return box
        lines.append(cv2.fitLine(points, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().astype(np.float64))
    return np.stack([_crossing(lines[index - 1], lines[index]) for index in range(4)])


def _crossing(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where two lines meet, each given by its direction and a point."""
    along = np.linalg.lstsq(np.stack([one[:2], -other[:2]], axis=1), other[2:] - one[2:], rcond=None)[0][0]
    return np.asarray(one[2:] + along * one[:2])


def clockwise(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return four corners clockwise as seen, from the top left of a print that is turned by up to 45 degrees."""
    middle = box - box.mean(axis=0)
    around = box[np.argsort(np.arctan2(middle[:, 1], middle[:, 0]))]
    tops = [around[i] + around[(i + 1) % 4] for i in range(4)]
    return np.roll(around, -int(np.argmin([top[1] for top in tops])), axis=0)


def _short(corners: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min())
