"""Decode the first page of a TIFF file at its own depth."""

import io
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.codecs import exif, tags
from pipeline.codecs.raster import Opened, Raster, Samples, as_samples
from pipeline.errors import PhotoUnreadable
from pipeline.notices import Notice

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
ASSOCIATED, UNASSOCIATED = 1, 2
UNSIGNED = 1
SAMPLES = {UNSIGNED: "unsigned", 2: "signed", 3: "floating point"}
CFA, LINEAR_RAW = 32803, 34892
DNG_VERSION, REDUCED = 50706, 1
ICC_TAG, XMP_TAG, IPTC_TAG = 34675, 700, 33723
MOST_CHANNELS = 5


def open_tiff(data: bytes) -> Opened:
    """Return the header of a TIFF file.

    Raises
    ------
    PhotoUnreadable
        If the first page holds a camera's raw data, floating point or signed samples, or an unusual colour space.
    """
    file = tifffile.TiffFile(io.BytesIO(data))
    page: Any = file.pages[0]
    _refuse_unusual(page, data)
    block = _descriptive_block(data) if data[2:4] in (b"*\0", b"\0*") else None
    return Opened(
        "TIFF",
        (page.imagewidth, page.imagelength),
        lambda: _decode(page, len(data)),
        several=_has_second(file),
        icc=_raw(page, ICC_TAG),
        exif=block,
        xmp=_raw(page, XMP_TAG),
        iptc=_raw(page, IPTC_TAG),
        dpi=exif.resolution(block) if block else None,
        notices=_notices(page, block),
    )


def _refuse_unusual(page: Any, data: bytes) -> None:
    """Raise an error for pages that cannot be interpreted reliably as a photograph."""
    is_raw = page.photometric in (CFA, LINEAR_RAW) or DNG_VERSION in page.tags or data[8:10] == b"CR"
    problem = ""
    if is_raw or page.subfiletype & REDUCED:
        problem = "a camera's raw data. Develop it in a raw converter"
    elif page.photometric not in CHANNELS or (page.photometric == YCBCR and page.compression not in (6, 7)):
        problem = f"the colour space {getattr(page.photometric, 'name', page.photometric)}. Save it as RGB"
    elif page.sampleformat != UNSIGNED or page.bitspersample > 16:
        kind = SAMPLES.get(page.sampleformat, "unusual")
        problem = f"{kind} samples of {page.bitspersample} bits. Save it with 8 or 16 bits a channel"
    elif not CHANNELS[page.photometric] <= page.samplesperpixel <= MOST_CHANNELS or page.imagedepth != 1:
        problem = f"{page.samplesperpixel} channels. Save it as RGB"
    if problem:
        msg = f"Expected a TIFF file with a photograph, got one with {problem} first."
        raise PhotoUnreadable(msg)


def _has_second(file: tifffile.TiffFile) -> bool:
    """Return whether a second page follows, without reading all of them."""
    try:
        return file.pages[1] is not None
    except IndexError:
        return False


def _raw(page: Any, code: int) -> bytes | None:
    tag = page.tags.get(code)
    value = tag.value if tag is not None else None
    if isinstance(value, tuple):  # IPTC is often stored as 32-bit words
        return np.asarray(value, page.parent.byteorder + "u4").tobytes()
    return value if isinstance(value, bytes) and value else None


def _descriptive_block(data: bytes) -> bytes:
    """Return the descriptive tags of the file as a separate EXIF block."""
    entries, _ = tags.read_table(data, tags.first_table(data))
    kept = {tag: entry for tag, entry in entries.items() if tag in tags.DESCRIPTIVE}
    order = tags.byte_order(data)
    fields = tags.collect(data, kept)
    return tags.header(order) + tags.write_table(fields, order, 8) if fields else b""


def _notices(page: Any, block: bytes | None) -> tuple[Notice, ...]:
    notices = []
    colours = CHANNELS[page.photometric]
    if page.samplesperpixel > colours and _alpha_channel(page) is None:
        notices.append(Notice("extra-channels", count=page.samplesperpixel - colours))
    if block is None:
        notices.append(Notice("bigtiff-metadata"))
    return tuple(notices)


def _alpha_channel(page: Any) -> int | None:
    """Return the index of the extra channel marked as alpha, or None; alpha of CMYK is not used."""
    colours = CHANNELS[page.photometric]
    for index, kind in enumerate(page.extrasamples):
        if kind in (ASSOCIATED, UNASSOCIATED) and page.photometric != SEPARATED:
            return colours + index
    return None


def _decode(page: Any, length: int) -> Raster:
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not segments or any(count == 0 or offset + count > length for offset, count in segments):
        msg = "The strips extend beyond the end of the file."
        raise ValueError(msg)
    array = page.asarray(squeeze=False, maxworkers=1)
    channels = _channels_last(array, page)
    bits = page.bitspersample
    white = (1 << bits) - 1
    colours: Samples = channels[..., : CHANNELS[page.photometric]]
    if page.photometric == PALETTE:
        return Raster(_looked_up(colours[..., 0], page.colormap), None, 255)
    if page.photometric == WHITE_IS_ZERO:
        colours = np.subtract(white, colours, dtype=colours.dtype)
    index = _alpha_channel(page)
    if index is None:
        return Raster(colours, None, white)
    alpha: Samples = channels[..., index]
    if page.extrasamples[index - CHANNELS[page.photometric]] == ASSOCIATED:
        colours = _straight(colours, alpha, white)
    return Raster(colours, alpha, white)


def _channels_last(array: NDArray[Any], page: Any) -> Samples:
    """Return planar or interleaved samples with shape (H, W, C)."""
    planes, _, height, width, interleaved = page.shaped
    channels = array.reshape(planes, height, width, interleaved)
    joined = np.moveaxis(channels[..., 0], 0, -1) if planes > 1 else channels[0]
    return as_samples(joined, joined.dtype.itemsize)


def _looked_up(indices: Samples, colormap: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return palette colours for indices; entries are 16 bits, of which some writers use only the lower 8."""
    table = colormap if colormap.max() < 256 else colormap >> 8
    colours = table.astype(np.uint8).T[indices]
    return np.ascontiguousarray(colours)


def _straight(colours: Samples, alpha: Samples, white: int) -> Samples:
    """Return straight colours of premultiplied ones."""
    quotient = colours.astype(np.float32) * white / np.maximum(alpha, 1)[..., None].astype(np.float32)
    return as_samples(np.minimum(np.rint(quotient), white), colours.dtype.itemsize)
