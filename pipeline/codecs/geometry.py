"""Reduce decoded samples, rotate them upright, and fill transparent pixels."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Plane
from pipeline.codecs.raster import Raster

BAND_SAMPLES = 1 << 22


def fit(size: tuple[int, int], max_pixels: int) -> tuple[int, int]:
    """Return the largest size of the same aspect ratio with at most `max_pixels` pixels.

    Parameters
    ----------
    size : tuple of int
        Width and height.
    max_pixels : int
        The cap, in pixels.

    Returns
    -------
    tuple of int
        Width and height; `size` itself if it is under the cap.
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


def shrink(
    bands: Iterable[Raster], original: tuple[int, int], size: tuple[int, int]
) -> tuple[Image, Image | None, int]:
    """Return samples and alpha in [0, 1], reduced to `size` by area averaging.

    Rows are averaged first, band by band, which avoids a float copy of the whole picture. Colours are weighted by
    their opacity, so that colours of transparent pixels do not bleed into visible ones.

    Parameters
    ----------
    bands : iterable of Raster
        As decoded, from top to bottom.
    original : tuple of int
        Width and height of the picture that the bands make up.
    size : tuple of int
        Width and height, at most those of the picture.

    Returns
    -------
    samples : ndarray of float32, shape (H, W, C)
        In [0, 1], in the colour space of the raster.
    alpha : ndarray of float32, shape (H, W), or None
        Straight, in [0, 1].
    depth : int
        Bits a channel as decoded, 8 or 16.

    Raises
    ------
    ValueError
        If the bands do not make up the picture.
    """
    rest = iter(bands)
    first = next(rest)
    rasters = chain([first], rest)
    if size == original:
        units = [_with_alpha(band) for band in rasters]
        alpha = None if first.alpha is None else _joined((alpha for _, alpha in units if alpha is not None), original)
        return _joined((colour for colour, _ in units), original), alpha, first.depth
    narrow = _joined(chain.from_iterable(_narrowed(band, size[0]) for band in rasters), (size[0], original[1]))
    small = _resized(narrow, size)
    if first.alpha is None:
        return small, None, first.depth
    colour, alpha = small[..., :-1], small[..., -1]
    colour /= np.maximum(alpha, np.float32(1e-12))[..., None]
    return colour, alpha, first.depth


def _with_alpha(band: Raster) -> tuple[Image, Image | None]:
    alpha = None if band.alpha is None else _unit(band.alpha, band.white)
    return _unit(band.samples, band.white), alpha


def _joined(parts: Iterable[Image], size: tuple[int, int]) -> Image:
    """Return bands of rows as one picture of a width and height."""
    rest = iter(parts)
    first = next(rest)
    width, height = size
    if first.shape[:2] == (height, width):
        return first
    whole, top = np.empty((height, width, *first.shape[2:]), np.float32), 0
    for part in chain([first], rest):
        whole[top : top + len(part)] = part
        top += len(part)
    if top != height:
        msg = f"the file holds {top} rows of {height}"
        raise ValueError(msg)
    return whole


def _narrowed(raster: Raster, width: int) -> Iterator[Image]:
    """Yield bands of rows, averaged along the rows only, premultiplied, with alpha as their last channel."""
    height, before, channels = raster.samples.shape
    step = max(1, BAND_SAMPLES // (before * channels))
    for top in range(0, height, step):
        bottom = min(top + step, height)
        band = _unit(raster.samples[top:bottom], raster.white)
        if raster.alpha is not None:
            alpha = _unit(raster.alpha[top:bottom], raster.white)[..., None]
            band = np.concatenate([band * alpha, alpha], axis=2)
        yield _resized(band, (width, bottom - top))


def _resized(samples: Image, size: tuple[int, int]) -> Image:
    # OpenCV drops a last axis of 1 and accepts at most four channels; CMYK has no alpha here.
    small = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
    return small.reshape(size[1], size[0], samples.shape[2])


def _unit(samples: NDArray[np.uint8] | NDArray[np.uint16], white: int) -> Image:
    return samples.astype(np.float32) / np.float32(white)


def turn_upright(samples: NDArray[np.float32], orientation: int) -> Image:
    """Return samples rotated upright by their EXIF orientation.

    Parameters
    ----------
    samples : ndarray of float32, shape (H, W) or (H, W, C)
        As stored.
    orientation : int
        1 to 8, by EXIF 3.0.

    Returns
    -------
    ndarray of float32
        Contiguous; width and height are swapped for 5 to 8.
    """
    turned = np.swapaxes(samples, 0, 1) if orientation >= 5 else samples
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def fill_hidden(pixels: Image, alpha: Plane) -> Image:
    """Return the picture with fully transparent pixels set to the colour of the nearest visible one.

    Files store an arbitrary colour there, often black, which filters and networks would spread into the visible edge.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB.
    alpha : ndarray of float32, shape (H, W)
        Straight, in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        A copy, or `pixels` itself if no pixel or every pixel is transparent.
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
