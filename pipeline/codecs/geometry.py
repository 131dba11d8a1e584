"""Bring decoded samples into shape: fewer pixels, upright, and clean under transparency."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.raster import Raster

F32 = NDArray[np.float32]
BAND_SAMPLES = 1 << 22


def fit(size: tuple[int, int], max_pixels: int) -> tuple[int, int]:
    """Return the largest size of the same shape, to the pixel, with at most `max_pixels` pixels.

    Parameters
    ----------
    size : tuple of int
        Width and height.
    max_pixels : int
        The cap.

    Returns
    -------
    tuple of int
        `size` itself where it is under the cap.
    """
    width, height = size
    if width * height <= max_pixels:
        return size
    long, short = max(size), min(size)
    new_long = math.isqrt(max_pixels * long // short)
    new_short = round(new_long * short / long)
    if new_long * new_short > max_pixels:
        new_short -= 1
    return (new_long, new_short) if width >= height else (new_short, new_long)


def shrink(raster: Raster, size: tuple[int, int]) -> tuple[F32, F32 | None]:
    """Scale samples to [0, 1] and average them over areas down to `size`.

    Averaging is done along rows first, band by band, so that no float copy of the whole picture is ever made.
    Colours weigh by their opacity, so that what lies under transparency does not leak into what is seen.

    Parameters
    ----------
    raster : Raster
        As decoded.
    size : tuple of int
        Width and height, not above the raster's.

    Returns
    -------
    samples : ndarray of float32, shape (H, W, C)
        In the raster's colour space, range [0, 1].
    alpha : ndarray of float32, shape (H, W), or None
        Straight, range [0, 1].
    """
    height, width = raster.samples.shape[:2]
    if size == (width, height):
        alpha = None if raster.alpha is None else _unit(raster.alpha, raster.white)
        return _unit(raster.samples, raster.white), alpha
    step = max(1, BAND_SAMPLES // (width * raster.samples.shape[2]))
    starts = range(0, height, step)
    narrow = np.concatenate([_narrowed(raster, y, min(y + step, height), size[0]) for y in starts])
    small = _resized(narrow, size)
    if raster.alpha is None:
        return small, None
    colour, alpha = small[..., :-1], small[..., -1]
    colour /= np.maximum(alpha, np.float32(1e-12))[..., None]
    return colour, alpha


def _narrowed(raster: Raster, top: int, bottom: int, width: int) -> F32:
    """Average one band of rows along its rows only; alpha comes last, and has multiplied the colours."""
    band = _unit(raster.samples[top:bottom], raster.white)
    if raster.alpha is not None:
        alpha = _unit(raster.alpha[top:bottom], raster.white)[..., None]
        band = np.concatenate([band * alpha, alpha], axis=2)
    return _resized(band, (width, bottom - top))


def _resized(samples: F32, size: tuple[int, int]) -> F32:
    # OpenCV drops a last axis of one, and takes at most four channels; CMYK never comes with alpha here.
    small = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
    return small.reshape(size[1], size[0], samples.shape[2])


def _unit(samples: NDArray[np.uint8] | NDArray[np.uint16], white: int) -> F32:
    return samples.astype(np.float32) / np.float32(white)


def turn_upright(samples: NDArray[np.float32], orientation: int) -> F32:
    """Undo an EXIF orientation.

    Parameters
    ----------
    samples : ndarray of float32, shape (H, W) or (H, W, C)
        As stored.
    orientation : int
        1 to 8, after EXIF 3.0: where row 0 and column 0 of the stored pixels are seen.

    Returns
    -------
    ndarray of float32
        Upright and contiguous; width and height change places for 5 to 8.
    """
    turned = np.swapaxes(samples, 0, 1) if orientation >= 5 else samples
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def fill_hidden(pixels: F32, alpha: F32) -> F32:
    """Give fully transparent pixels the colour of the nearest visible one.

    What a file stores there is arbitrary, often black, and every filter or network would draw it into the visible
    edge as a fringe.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
    alpha : ndarray of float32, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        A copy, or `pixels` where nothing or everything is hidden.
    """
    hidden = alpha <= 0
    if not hidden.any() or hidden.all():
        return pixels
    _, labels = cv2.distanceTransformWithLabels(hidden.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((labels.max() + 1, 3), np.float32)
    colours[labels[~hidden]] = pixels[~hidden]
    filled = pixels.copy()
    filled[hidden] = colours[labels[hidden]]
    return filled
