"""How large a picture is printed: dots per inch that keep the size of the original, or fit a size of paper."""

import cv2
import numpy as np

from pipeline.arrays import Image

SIZES = {"10x15": (10, 15), "13x18": (13, 18), "20x30": (20, 30)}
"""Sizes of paper by name: short and long side in centimetres."""

FINEST = 300
"""Dots per inch of a good print; more are not seen."""

_INCH = 2.54


def scaled(dpi: tuple[float, float], size: tuple[int, int], original: tuple[int, int]) -> tuple[float, float]:
    """Return the dots per inch at which a picture is printed as large as its original.

    Parameters
    ----------
    dpi : tuple of float
        Of the original.
    size, original : tuple of int
        Width and height of both.
    """
    return dpi[0] * size[0] / original[0], dpi[1] * size[1] / original[1]


def fitted(pixels: Image, name: str) -> tuple[Image, float]:
    """Return a picture for a size of paper, and its dots per inch: at most `FINEST`, to which larger ones are reduced.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    name : str
        One of `SIZES`; the paper is turned as the picture is.
    """
    short, long = (side / _INCH for side in SIZES[name])
    height, width = pixels.shape[:2]
    dpi = max(min(height, width) / short, max(height, width) / long)
    if dpi <= FINEST:
        return pixels, dpi
    size = tuple(max(round(side * FINEST / dpi), 1) for side in (width, height))
    return np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), 0, 1), FINEST
