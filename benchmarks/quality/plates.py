"""Colour photographs from three black-and-white plates, taken through blue, green and red glass in the 1910s."""

import cv2
import numpy as np
from skimage.registration import phase_cross_correlation

from pipeline.arrays import Image, Plane

_FRAME = 0.08
"""Share of each side that is cut off: the plates' frame, and what their alignment leaves empty."""


def rebuilt(scan: Plane) -> Image:
    """Return the colour photograph of a scan.

    Parameters
    ----------
    scan : ndarray of float32, shape (H, W)
        In [0, 1]; the plates lie one above the other, blue on top, then green, then red.

    Returns
    -------
    ndarray of float32, shape (about H / 3, about W, 3)
        RGB in [0, 1], without the frame.
    """
    height, width = scan.shape[0] // 3, scan.shape[1]
    rows, columns = (slice(round(_FRAME * side), round((1 - _FRAME) * side)) for side in (height, width))
    blue, green, red = (scan[start * height : (start + 1) * height] for start in range(3))
    plates = [plate if plate is green else _aligned(plate, green, rows, columns) for plate in (red, green, blue)]
    return np.ascontiguousarray(np.stack([plate[rows, columns] for plate in plates], axis=2))


def _aligned(plate: Plane, reference: Plane, rows: slice, columns: slice) -> Plane:
    """Return a plate shifted onto another by their edges, since tones differ between plates."""
    shift, _, _ = phase_cross_correlation(
        _edges(reference)[rows, columns], _edges(plate)[rows, columns], upsample_factor=10
    )
    move = np.array([[1, 0, shift[1]], [0, 1, shift[0]]])
    return np.asarray(cv2.warpAffine(plate, move, plate.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.float32)


def _edges(plate: Plane) -> Plane:
    return np.hypot(cv2.Sobel(plate, cv2.CV_32F, 1, 0), cv2.Sobel(plate, cv2.CV_32F, 0, 1)).astype(np.float32)
