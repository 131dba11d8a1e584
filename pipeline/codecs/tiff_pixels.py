"""Decode the strips or tiles of a TIFF page, band by band."""

import io
import math
import struct
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin, WebPImagePlugin

from pipeline.codecs.jpeg import frame
from pipeline.codecs.raster import Raster, Samples, as_samples
from pipeline.errors import PhotoTooLarge

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2
OLD_JPEG, JPEG, WEBP, JPEG_2000 = 6, 7, 50001, (33003, 33005, 34712)
COMPRESSIONS = (1, 2, 3, 4, 5, OLD_JPEG, JPEG, 8, 32773, 32946, 34925, 50000, WEBP, *JPEG_2000)
"""What photographs are stored with: plain, fax, LZW, JPEG, deflate, PackBits, LZMA, Zstandard, WebP, JPEG 2000."""

BAND_SAMPLES = 1 << 22
MOST_SEGMENTS = 1 << 20


def bands(page: Any, data: bytes, channel: int | None = None) -> Iterator[Raster]:
    """Yield the picture of a page from top to bottom, about four million samples at a time.

    Parameters
    ----------
    page : tifffile.TiffPage
        Of a photometric interpretation in `CHANNELS` and a compression in `COMPRESSIONS`.
    data : bytes
        The whole file.
    channel : int, optional
        Yield this channel alone, as grey.

    Raises
    ------
    ValueError
        If a strip or tile is missing or damaged, or not of the size that the page states.
    PhotoTooLarge
        If one strip or tile does not fit into the memory that this process may take; see `pipeline.codecs.bounds`.
    """
    if page.compression == OLD_JPEG:
        yield _by_pillow(page, data)
        return
    try:
        for samples in _bands(page, data):
            yield _raster(samples, page) if channel is None else Raster(samples[..., [channel]], None, _white(page))
    except MemoryError as error:
        width, height, channels = _shape(page)
        msg = (
            "Expected a TIFF file in strips or tiles that fit into memory, got one of "
            f"{width * height * channels * page.dtype.itemsize / 1e6:.0f} MB. Save it in smaller strips, or raise "
            "max_pixels."
        )
        raise PhotoTooLarge(msg) from error


def _by_pillow(page: Any, data: bytes) -> Raster:
    """Return a picture of the JPEG of TIFF 6.0, whose tables lie outside its strips; libtiff puts them together."""
    image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    image.seek(page.index)
    if image.size != (page.imagewidth, page.imagelength):
        msg = "the JPEG is not of the size that the page states"
        raise ValueError(msg)
    return Raster(
        np.asarray(image.convert("L" if page.samplesperpixel == 1 else "RGB")).reshape(
            page.imagelength, page.imagewidth, -1
        ),
        None,
        255,
    )


def _bands(page: Any, data: bytes) -> Iterator[Samples]:
    planes, _, height, width, interleaved = page.shaped
    rows = page.tilelength if page.is_tiled else page.rowsperstrip
    across, down = math.ceil(width / (page.tilewidth if page.is_tiled else width)), math.ceil(height / rows)
    segments = _segments(page, data, planes * across * down)
    group = max(1, BAND_SAMPLES // (rows * width * interleaved * planes))
    for first in range(0, down, group):
        top, bottom = first * rows, min((first + group) * rows, height)
        if planes == across == 1 and bottom - top <= rows:
            band = _decoded(page, segments, first)[0][:, : bottom - top]
        else:
            band = np.empty((planes, bottom - top, width, interleaved), f"u{page.dtype.itemsize}")
            for plane, row, column in product(range(planes), range(first, min(first + group, down)), range(across)):
                piece, y, x = _decoded(page, segments, (plane * down + row) * across + column)
                part = piece[0, : height - y, : width - x]
                band[plane, y - top : y - top + part.shape[0], x : x + part.shape[1]] = part
        joined = np.moveaxis(band[..., 0], 0, -1) if planes > 1 else band[0]
        yield as_samples(joined, joined.dtype.itemsize)


def _segments(page: Any, data: bytes, count: int) -> list[memoryview]:
    """Return the strips or tiles as stored, or raise an error if there are not enough of them."""
    offsets, lengths = page.dataoffsets, page.databytecounts
    if count > MOST_SEGMENTS or len(offsets) < count or len(lengths) < count:
        msg = f"the page has {min(len(offsets), len(lengths))} strips or tiles of {count}"
        raise ValueError(msg)
    _check_size(page)
    places = list(zip(offsets[:count], lengths[:count], strict=True))
    if any(length == 0 or at + length > len(data) for at, length in places):
        msg = "the strips extend beyond the end of the file"
        raise ValueError(msg)
    view = memoryview(data)
    return [view[at : at + length] for at, length in places]


def _shape(page: Any) -> tuple[int, int, int]:
    """Return width, height and channels of a strip or tile."""
    width = page.tilewidth if page.is_tiled else page.imagewidth
    height = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    return width, height, page.shaped[4]


def _check_size(page: Any) -> None:
    """Refuse tiles that take much more memory than the picture."""
    width, height, _ = _shape(page)
    if width * height > 4 * page.imagewidth * page.imagelength + (1 << 24):
        msg = f"tiles of {width} x {height} for a picture of {page.imagewidth} x {page.imagelength}"
        raise ValueError(msg)


def _decoded(page: Any, segments: list[memoryview], index: int) -> tuple[NDArray[Any], int, int]:
    """Return a decoded strip or tile of shape (1, H, W, C), and its first row and column."""
    segment = segments[index]
    _check_codestream(page, segment)
    piece, (_, _, y, x, _), _ = page.decode(segment, index, jpegtables=page.jpegtables)
    if piece is None or piece.ndim != 4 or piece.dtype.itemsize != page.dtype.itemsize:
        msg = f"strip or tile {index} holds other samples than the page states"
        raise ValueError(msg)
    return piece, y, x


def _check_codestream(page: Any, segment: memoryview) -> None:
    """Refuse a picture inside the TIFF that is larger than its strip or tile, before memory is taken."""
    width, height, channels = _shape(page)
    stated = _codestream_size(page.compression, segment)
    if stated is None:
        return
    if stated[0] * stated[1] > 2 * width * height + 4096 or stated[2] > channels + 1:
        msg = f"a picture of {stated[0]} x {stated[1]} in a strip or tile of {width} x {height}"
        raise ValueError(msg)


def _codestream_size(compression: int, segment: memoryview) -> tuple[int, int, int] | None:
    """Return width, height and components that a picture inside the TIFF states; None for plain compression."""
    if compression == JPEG:
        found = frame(bytes(segment[: 1 << 16])) or frame(bytes(segment))
        return (found.width, found.height, found.components) if found else None
    if compression == WEBP:
        return (*WebPImagePlugin.WebPImageFile(io.BytesIO(bytes(segment))).size, 3)
    return _jpeg_2000_size(segment) if compression in JPEG_2000 else None


def _jpeg_2000_size(segment: memoryview) -> tuple[int, int, int]:
    """Return what the SIZ marker states, the first one of a codestream (ISO/IEC 15444-1, A.5.1)."""
    at = bytes(segment[: 1 << 16]).find(b"\xff\x4f\xff\x51")
    if at < 0:
        msg = "the JPEG 2000 codestream has no size"
        raise ValueError(msg)
    right, bottom, left, top = struct.unpack_from(">4I", segment, at + 8)
    return right - left, bottom - top, struct.unpack_from(">H", segment, at + 40)[0]


def _raster(channels: Samples, page: Any) -> Raster:
    """Return a band with straight alpha and colours of which 0 is black."""
    white = _white(page)
    if page.bitspersample not in (8, 16) and channels.max() > white:
        msg = f"the samples exceed the {page.bitspersample} bits that the page states"
        raise ValueError(msg)
    colours: Samples = channels[..., : CHANNELS[page.photometric]]
    if page.photometric == PALETTE:
        return Raster(_looked_up(colours[..., 0], page.colormap), None, 255)
    if page.photometric == WHITE_IS_ZERO:
        colours = np.subtract(white, colours, dtype=colours.dtype)
    index = alpha_channel(page)
    if index is None:
        return Raster(colours, None, white)
    alpha: Samples = channels[..., index]
    if page.extrasamples[index - CHANNELS[page.photometric]] == ASSOCIATED:
        colours = _straight(colours, alpha, white)
    return Raster(colours, alpha, white)


def _white(page: Any) -> int:
    return (1 << int(page.bitspersample)) - 1


def infrared_channel(page: Any) -> int | None:
    """Return the index of the fourth channel where nothing says what it is, as in VueScan's files; else None."""
    is_unspecified = all(kind == UNSPECIFIED for kind in page.extrasamples)
    return 3 if page.photometric == RGB and page.samplesperpixel == 4 and is_unspecified else None


def alpha_channel(page: Any) -> int | None:
    """Return the index of the extra channel marked as alpha, or None; alpha of CMYK is not used."""
    colours = CHANNELS[page.photometric]
    for index, kind in enumerate(page.extrasamples):
        if (
            kind in (ASSOCIATED, UNASSOCIATED)
            and page.photometric != SEPARATED
            and colours + index < page.samplesperpixel
        ):
            return colours + index
    return None


def _looked_up(indices: Samples, colormap: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return palette colours for indices; entries are 16 bits, of which some writers use only the lower 8."""
    if colormap is None or colormap.ndim != 2 or len(colormap) != 3:
        msg = "the palette is missing or not one of three colours"
        raise ValueError(msg)
    table = colormap if colormap.max() < 256 else colormap >> 8
    colours = table.astype(np.uint8).T[indices]
    return np.ascontiguousarray(colours)


def _straight(colours: Samples, alpha: Samples, white: int) -> Samples:
    """Return straight colours of premultiplied ones."""
    quotient = colours.astype(np.float32) * white / np.maximum(alpha, 1)[..., None].astype(np.float32)
    return as_samples(np.minimum(np.rint(quotient), white), colours.dtype.itemsize)
