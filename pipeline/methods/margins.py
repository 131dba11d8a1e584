"""Margins, torn corners and rims of a print, which no fill can restore: found among the marks of a detector."""

import cv2
import numpy as np

from pipeline.arrays import Mask

_WIDE = 0.03
"""Least width of a torn corner or margin, as part of the picture's short side."""
_RIM = 0.03
"""Depth of the strip along each side in which a long mark is the print's own rim, as part of the short side."""
_LONG = 4
"""Length of a mark along a rim, relative to the strip's depth."""
_LEAST = 7
"""Least width and depth in pixels."""


def margins(found: Mask) -> Mask:
    """Return the marks that are no damage in the picture, but the end of the print.

    These are wide marks that touch the picture's border (a margin, a torn-off corner), and long marks beside the
    border (the rim of the paper, the frame of a scan). Cracks that run into them are not among them.

    Parameters
    ----------
    found : ndarray of bool, shape (H, W)
        Marks of a detector.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True only where `found` is.
    """
    return _wide(found) | _rims(found)


def _wide(found: Mask) -> Mask:
    """Return the marks that contain a disk which no crack contains, and reach the border."""
    marks, side = found.astype(np.uint8), _pixels(found, _WIDE)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    cores = cv2.morphologyEx(marks, cv2.MORPH_OPEN, disk)
    _, labels = cv2.connectedComponents(cores, connectivity=8)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outer = np.isin(labels, np.unique(edge[edge > 0])).astype(np.uint8)
    return np.asarray(cv2.dilate(outer, disk).astype(bool) & found)


def _rims(found: Mask) -> Mask:
    """Return the long marks that lie within a strip along one side."""
    height, width = found.shape
    depth = _pixels(found, _RIM)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    x, y, across, down, _ = stats.T
    upright = ((x + across <= depth) | (x >= width - depth)) & (down >= _LONG * depth)
    lying = ((y + down <= depth) | (y >= height - depth)) & (across >= _LONG * depth)
    is_rim = upright | lying
    is_rim[0] = False
    return np.asarray(is_rim[labels])


def _pixels(found: Mask, part: float) -> int:
    """Return a part of the picture's short side, in pixels; odd."""
    return max(_LEAST, round(part * min(found.shape))) | 1
