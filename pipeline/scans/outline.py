"""The outline of a print on a scan, and the picture that is cut out along it."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.errors import OptionError

Point = tuple[float, float]
"""x and y in pixels of the scan; (0, 0) is the top left corner of the first pixel, not its centre."""

INSET = 1.0
"""How far inside the outline is cut, in pixels, so that no glass is left along the edge."""

_SQUARE = 0.6
"""How far the corners of a rectangle may be from right angles, in degrees."""

_STRAIGHT = 0.5
"""How far corners may be from those of an upright rectangle of whole pixels to be cut without interpolation."""


@dataclass(frozen=True)
class Outline:
    """Where a print lies on a scan: any convex quadrilateral.

    Parameters
    ----------
    corners : tuple of 4 points
        Clockwise from the print's top left.

    Raises
    ------
    OptionError
        If they are not the corners of a convex quadrilateral in this order.
    """

    corners: tuple[Point, Point, Point, Point]

    def __post_init__(self) -> None:
        sides = [math.dist(self.corners[i], self.corners[i - 1]) for i in range(4)]
        is_convex = all(side >= 2 * INSET + 1 for side in sides) and all(turn > 0 for turn in _turns(self.corners))
        if len(self.corners) != 4 or not is_convex:
            msg = f"Expected four corners of a convex outline, clockwise, got {self.corners}. Move one of them."
            raise OptionError(msg)

    @property
    def angle(self) -> float:
        """How far the print is turned, in degrees clockwise: the mean of its sides."""
        points = np.array(self.corners)
        along = (points[1] - points[0]) + (points[2] - points[3])
        down = (points[3] - points[0]) + (points[2] - points[1])
        x, y = along + np.array([down[1], -down[0]])
        return math.degrees(math.atan2(y, x))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture inside it, in pixels."""
        a, b, c, d = self.corners
        width, height = (math.dist(a, b) + math.dist(d, c)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2
        return max(round(width - 2 * INSET), 1), max(round(height - 2 * INSET), 1)

    @property
    def area(self) -> float:
        """What it encloses, in pixels."""
        return float(cv2.contourArea(np.array(self.corners, np.float32)))

    @property
    def is_rectangle(self) -> bool:
        """Whether all angles are right: it was scanned, not photographed in perspective."""
        return all(abs(90 - turn) <= _SQUARE for turn in _turns(self.corners))


def cut(image: Image, outline: Outline) -> Image:
    """Return the picture inside an outline, straightened, at the size that it has on the scan.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3) or (H, W)
        A scan in [0, 1], or its alpha.
    outline : Outline
        In pixels of `image`; what lies outside of it repeats the scan's edge.

    Returns
    -------
    ndarray of float32, shape (h, w, 3) or (h, w)
        In [0, 1]; `Outline.size` is (w, h). The pixels of the scan itself if the outline is upright.
    """
    width, height = outline.size
    left, top = (round(value + INSET) for value in outline.corners[0])
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inner = _inset(outline)
    fits = left >= 0 and top >= 0 and left + width <= image.shape[1] and top + height <= image.shape[0]
    if fits and np.abs(inner - whole - (left, top)).max() <= _STRAIGHT:
        return image[top : top + height, left : left + width].copy()
    matrix = cv2.getPerspectiveTransform(whole - 0.5, (inner - 0.5).astype(np.float32))  # both from centres of pixels
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpPerspective(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def _turns(corners: tuple[Point, ...]) -> list[float]:
    """Return by how much the way around turns at each corner, in degrees clockwise."""
    turns = []
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = corners[i - 2], corners[i - 1], corners[i]
        before, after = math.atan2(by - ay, bx - ax), math.atan2(cy - by, cx - bx)
        turns.append((math.degrees(after - before) + 180) % 360 - 180)
    return turns


def _inset(outline: Outline) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the corners moved inside by `INSET` along both sides, shape (4, 2)."""
    points = np.array(outline.corners, np.float64)
    before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
    units = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (before, after))
    return np.asarray(points + INSET * sum(units), np.float64)
