"""A restored picture, quantised for an encoder."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.codecs import shared
from pipeline.codecs.raster import Samples
from pipeline.errors import PhotoUnwritable

BAND_PIXELS = 1 << 20


@dataclass(frozen=True)
class Canvas:
    """A picture to be encoded, quantised."""

    samples: Samples
    """Shape (H, W, C): RGB, or RGB and straight alpha."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.samples.shape[1], self.samples.shape[0]

    @property
    def channels(self) -> int:
        """Number of channels: 3, or 4 with alpha."""
        return self.samples.shape[2]

    @property
    def depth(self) -> int:
        """Bits a channel, 8 or 16."""
        return 8 * self.samples.dtype.itemsize

    def bands(self) -> list[tuple[int, int]]:
        """Return the first row, and the row after the last, of bands of about a million pixels."""
        return _bands(*self.samples.shape[:2])


def quantised(pixels: Image, alpha: Plane | None, depth: int) -> Canvas:
    """Return a picture rounded to `depth` bits a channel, without dithering, in memory that a worker can share.

    It is made band by band, without a second float copy of the whole.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    alpha : ndarray of float32, shape (H, W), or None
        Straight, in [0, 1].
    depth : int
        8 or 16.

    Raises
    ------
    PhotoUnwritable
        If a value is not finite.
    """
    height, width = pixels.shape[:2]
    white = np.float32((1 << depth) - 1)
    samples = shared.empty((height, width, 3 if alpha is None else 4), np.uint8 if depth == 8 else np.uint16)

    def fill(top: int, bottom: int) -> None:
        band = pixels[top:bottom]
        if alpha is not None:
            band = np.concatenate([band, alpha[top:bottom, :, None]], axis=2)
        if not np.isfinite(band).all():
            msg = "Some pixels are not finite numbers, so the photograph was not written. Restore it again."
            raise PhotoUnwritable(msg)
        samples[top:bottom] = np.rint(np.clip(band, 0, 1) * white)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda band: fill(*band), _bands(height, width)))
    return Canvas(samples)


def _bands(height: int, width: int) -> list[tuple[int, int]]:
    step = max(1, BAND_PIXELS // width)
    return [(top, min(top + step, height)) for top in range(0, height, step)]


def flattened(pixels: Image, alpha: Plane) -> Image:
    """Return the picture composited over white.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
    alpha : ndarray of float32, shape (H, W)
        Straight, in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
    """
    opacity = alpha[..., None]
    return pixels * opacity + (1 - opacity)


def resized_alpha(alpha: Plane, size: tuple[int, int]) -> Image:
    """Return an alpha plane resized by Lanczos interpolation to a larger size, by area averaging to a smaller one.

    Parameters
    ----------
    alpha : ndarray of float32, shape (H, W)
        In [0, 1].
    size : tuple of int
        Width and height.

    Returns
    -------
    ndarray of float32
        Clipped to [0, 1], because Lanczos interpolation overshoots at edges.
    """
    height, width = alpha.shape
    if size == (width, height):
        return alpha
    shrinks = size[0] * size[1] < width * height
    resized = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4)
    return np.clip(resized, 0, 1).reshape(size[1], size[0])
