"""Quantise a restored picture band by band, without a second float copy of the whole."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.codecs.raster import Samples, as_samples
from pipeline.errors import PhotoUnwritable

BAND_PIXELS = 1 << 20


@dataclass(frozen=True)
class Canvas:
    """A picture to be encoded: pixels and alpha of one size, and the number of bits to write."""

    pixels: Image
    """Shape (H, W, 3), RGB, [0, 1]."""

    alpha: Plane | None
    """Shape (H, W), straight, [0, 1]."""

    depth: int
    """Bits a channel, 8 or 16."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def channels(self) -> int:
        """Number of channels: 3, or 4 with alpha."""
        return 3 if self.alpha is None else 4

    def bands(self) -> list[tuple[int, int]]:
        """Return the first row, and the row after the last, of bands of about a million pixels."""
        height, width = self.pixels.shape[:2]
        step = max(1, BAND_PIXELS // width)
        return [(top, min(top + step, height)) for top in range(0, height, step)]

    def rows(self, top: int, bottom: int) -> Samples:
        """Return some rows, quantised by rounding, without dithering.

        Returns
        -------
        ndarray of uint8 or uint16, shape (bottom - top, W, channels)

        Raises
        ------
        PhotoUnwritable
            If a value is not finite.
        """
        band = self.pixels[top:bottom]
        if self.alpha is not None:
            band = np.concatenate([band, self.alpha[top:bottom, :, None]], axis=2)
        if not np.isfinite(band).all():
            msg = "Some pixels are not finite numbers, so the photograph was not written. Restore it again."
            raise PhotoUnwritable(msg)
        white = np.float32((1 << self.depth) - 1)
        return as_samples(np.rint(np.clip(band, 0, 1) * white), self.depth // 8)

    def whole(self) -> Samples:
        """Return the whole picture, quantised."""
        samples = np.empty((*self.pixels.shape[:2], self.channels), np.uint8 if self.depth == 8 else np.uint16)
        for top, bottom in self.bands():
            samples[top:bottom] = self.rows(top, bottom)
        return samples


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
