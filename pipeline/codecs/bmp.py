"""Decode BMP files of 16 or 32 bits with any masks (BITMAPV3INFOHEADER), for layouts that Pillow refuses."""

import struct
from dataclasses import dataclass

import numpy as np

from pipeline.codecs.raster import Raster

BITFIELDS = (3, 6)
"""BI_BITFIELDS and BI_ALPHABITFIELDS."""


@dataclass(frozen=True)
class Layout:
    """Where and how the pixels are stored."""

    start: int
    width: int
    height: int
    """Negative if the first row is the upper one."""

    bits: int
    masks: tuple[int, int, int]


def layout(data: bytes) -> Layout | None:
    """Return the layout of a file with masks, or None for another one.

    Raises
    ------
    struct.error
        If the header is cut off.
    """
    start, length, width, height, _, bits, kind = struct.unpack_from("<I IiiHHI", data, 10)
    if length < 40 or kind not in BITFIELDS or bits not in (16, 32) or width <= 0:
        return None
    red, green, blue = struct.unpack_from("<III", data, 54)
    return Layout(start, width, height, bits, (red, green, blue)) if red and green and blue else None


def decode(data: bytes, found: Layout) -> Raster:
    """Return the colours of a file with masks; alpha is not used.

    Raises
    ------
    ValueError
        If the file is cut off.
    """
    size, height = found.bits // 8, abs(found.height)
    stride = (found.width * size + 3) // 4 * 4
    lines = np.frombuffer(data, np.uint8, stride * height, found.start).reshape(height, stride)
    words = np.ascontiguousarray(lines[:, : found.width * size]).view(f"<u{size}")
    planes = [_scaled(words, mask) for mask in found.masks]
    pixels = np.stack(planes, axis=-1)
    return Raster(pixels if found.height < 0 else pixels[::-1], None, 255)


def _scaled(words: np.ndarray, mask: int) -> np.ndarray:
    """Return the values under a mask, scaled to 8 bits."""
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    table_or_values = (words & words.dtype.type(mask)) >> words.dtype.type(shift)
    return np.rint(table_or_values * (255 / most)).astype(np.uint8)
