"""Align faces by their landmarks: templates, cutting a face out, and putting what changed back.

Points are the person's right eye, left eye, nose, and right and left corner of the mouth.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Plane
from pipeline.methods.filters import gaussian

Points = NDArray[np.floating]
"""Positions of x and y in pixels, shape (5, 2)."""

Matrix = NDArray[np.float64]
"""A similarity from the pixels of a picture to those of a crop, shape (2, 3)."""

FFHQ: Points = np.array(
    [(0.37692, 0.46864), (0.62286, 0.46913), (0.50124, 0.61331), (0.39309, 0.72541), (0.61150, 0.72490)]
)
"""Where restorers expect the points, as shares of the crop's side (T. Karras et al., 2019; numbers of facexlib)."""

ARCFACE: Points = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
) / 112  # fmt: skip
"""Where networks that tell persons apart expect the points (J. Deng et al., ArcFace, 2019)."""

Place = tuple[slice, slice]
"""Rows and columns of a picture."""

_SMOOTHING = 0.45
"""Sigma, in pixels of the smaller picture, that keeps a reduced picture free of false patterns."""
_MARGIN = 4
"""Pixels around a cut that interpolation reads."""
_ABOVE, _BELOW, _BESIDE = 0.8, 0.85, 1.3
"""Reach of the oval beyond eyes and mouth, and to each side, in distances between eyes and mouth: from the brows to the
chin, without hair."""
_RIM = 0.06
"""Width of the soft rim at the sides of a crop, which a long face may reach, as a share of the side."""
_NARROWER = 0.25
"""Share of its width that the oval loses where a face is turned until its nose is below an eye."""
_SOFT = 0.3
"""Width of the oval's soft rim, as a share of its radius."""


def align(points: Points, template: Points, side: int) -> Matrix:
    """Return the similarity that brings points closest to a template.

    Parameters
    ----------
    points, template : ndarray, shape (5, 2)
        In pixels of the picture; as shares of the crop's side.
    side : int
        Of the crop, in pixels.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        The least-squares solution; turned, scaled and moved, never mirrored.
    """
    start, goal = (np.asarray(p, np.float64) @ (1, 1j) for p in (points, template * side))
    spread = start - start.mean()
    turn = np.vdot(spread, goal - goal.mean()) / np.vdot(spread, spread).real
    move = goal.mean() - turn * start.mean()
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])


def moved(points: Points, matrix: Matrix) -> Points:
    """Return where points of a picture lie in a crop."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def turn(points: Points) -> float:
    """Return how far a face is turned to a side: 0 seen from the front, 1 where the nose lies below an eye."""
    right, left, nose = points[:3]
    eyes = left - right
    along = float((nose - right) @ eyes / max(float(eyes @ eyes), 1e-9))
    return abs(2 * along - 1)


def zoom(matrix: Matrix) -> float:
    """Return by which factor a crop is larger than what it was cut from."""
    return float(np.hypot(*matrix[:, 0]))


def cut(image: Image, matrix: Matrix, side: int) -> Image:
    """Return an aligned crop, with the border of the picture repeated where the crop reaches beyond it.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    matrix : ndarray, shape (2, 3)
        As `align` returns it.
    side : int

    Returns
    -------
    ndarray of float32, shape (side, side, 3)
        RGB in [0, 1]; equal channels stay equal.
    """
    place = window(image, matrix, side)
    part = image[place]
    if not part.size:
        msg = "Expected a face inside the picture, got one beyond its border. Give its points in pixels of the picture."
        raise ValueError(msg)
    if zoom(matrix) < 1:
        part = gaussian(part, _SMOOTHING / zoom(matrix))
    flags, border = cv2.INTER_CUBIC, cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(part, _from(matrix, place), (side, side), flags=flags, borderMode=border)
    return np.clip(np.asarray(crop, np.float32), 0, 1)


def laid_back(crop: Image, matrix: Matrix, place: Place) -> Image:
    """Return a crop as it lies in the picture that it was cut from.

    Parameters
    ----------
    crop : ndarray of float32, shape (side, side, 3) or (side, side)
        0 towards its sides, so that no border shows.
    matrix : ndarray, shape (2, 3)
        With which it was cut.
    place : tuple of slice
        Rows and columns to return, as `window` does; not empty.

    Returns
    -------
    ndarray of float32, shape (rows, columns, 3) or (rows, columns)
    """
    if zoom(matrix) > 1:
        crop = gaussian(crop, _SMOOTHING * zoom(matrix))
    rows, columns = place
    size = columns.stop - columns.start, rows.stop - rows.start
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(crop, _from(matrix, place), size, flags=flags), np.float32)


def window(image: Image, matrix: Matrix, side: int) -> Place:
    """Return the rows and columns of a picture that a crop shows, with a margin; empty where it lies beyond."""
    back = cv2.invertAffineTransform(matrix)
    corners = np.array([(0, 0), (side, 0), (0, side), (side, side)]) @ back[:, :2].T + back[:, 2]
    margin = _MARGIN * max(1.0, 1 / zoom(matrix))
    low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
    (left, right), (top, bottom) = (
        np.clip((math.floor(low[axis]), math.ceil(high[axis])), 0, image.shape[1 - axis]).tolist() for axis in (0, 1)
    )
    return slice(top, bottom), slice(left, right)


def oval(matrix: Matrix, points: Points, side: int) -> Plane:
    """Return how much of each pixel of a crop belongs to the face, with a soft rim.

    Parameters
    ----------
    matrix : ndarray, shape (2, 3)
        With which the crop is cut.
    points : ndarray, shape (5, 2)
        In pixels of the picture.
    side : int

    Returns
    -------
    ndarray of float32, shape (side, side)
        In [0, 1].
    """
    placed = moved(points, matrix)
    eyes, mouth = placed[:2].mean(axis=0), placed[3:].mean(axis=0)
    length = abs(mouth[1] - eyes[1])
    top, bottom = eyes[1] - _ABOVE * length, mouth[1] + _BELOW * length
    centre = np.array([placed[:, 0].mean(), (top + bottom) / 2])
    across = _BESIDE * length * (1 - _NARROWER * min(turn(points), 1.0))
    radii = np.array([across, (bottom - top) / 2])
    y, x = np.mgrid[:side, :side].astype(np.float32)
    radius = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    border = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y)) / (_RIM * side)
    inside = np.clip(np.minimum((1 - radius) / _SOFT, border), 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float32)


def _from(matrix: Matrix, place: Place) -> Matrix:
    """Return the matrix of a crop for a part of its picture."""
    inside = matrix.copy()
    inside[:, 2] += matrix[:, :2] @ (place[1].start, place[0].start)
    return inside
