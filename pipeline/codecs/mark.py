"""A small visible mark for pictures with generated parts: three overlapping discs in a corner."""

import math

import cv2
import numpy as np

from pipeline.arrays import Image

_PART = 0.045
"""Side of the mark as a share of the picture's shorter side."""

_SMALLEST = 16
_SUBPIXELS = 8
_COLOURS = ((0.90, 0.30, 0.25), (0.25, 0.70, 0.35), (0.25, 0.45, 0.90))
_WHITE = (1.0, 1.0, 1.0)
_OPACITY = 0.85


def with_mark(pixels: Image) -> Image:
    """Return a copy of the picture with the mark in its lower right corner.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    height, width = pixels.shape[:2]
    side = min(max(round(_PART * min(height, width)), _SMALLEST), height, width)
    gap = min(side // 2, height - side, width - side)
    rows, columns = slice(height - gap - side, height - gap), slice(width - gap - side, width - gap)
    output = pixels.copy()
    colour, cover = _sign(side)
    output[rows, columns] += cover[..., None] * (colour - output[rows, columns])
    return output


def _sign(side: int) -> tuple[Image, Image]:
    """Return the mark's colour, shape (side, side, 3), and opacity, shape (side, side)."""
    fine = side * _SUBPIXELS
    colour, cover = np.empty((fine, fine, 3), np.float32), np.zeros((fine, fine), np.float32)
    colour[:] = _WHITE
    radius = 0.23 * fine
    for index, tone in enumerate(_COLOURS):
        angle = 2 * math.pi * index / 3 - math.pi / 2
        centre = round(fine * (0.5 + 0.2 * math.cos(angle))), round(fine * (0.54 + 0.2 * math.sin(angle)))
        cv2.circle(cover, centre, round(radius * 1.15), _OPACITY, -1)
        cv2.circle(colour, centre, round(radius), tone, -1)
    colour, cover = (cv2.resize(x, (side, side), interpolation=cv2.INTER_AREA) for x in (colour, cover))
    return np.asarray(colour, np.float32), np.asarray(cover, np.float32)
