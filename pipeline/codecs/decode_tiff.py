"""Decode one page of a TIFF or BigTIFF file at its own depth."""

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tifffile

from pipeline.codecs import exif, tags, tiff_pages, tiff_pixels
from pipeline.codecs.raster import Opened, Raster
from pipeline.codecs.tiff_pixels import CHANNELS, COMPRESSIONS, YCBCR
from pipeline.errors import PhotoUnreadable
from pipeline.notices import Notice

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # our errors and notices say what is damaged

UNSIGNED = 1
SAMPLES = {UNSIGNED: "unsigned", 2: "signed", 3: "floating point"}
ICC_TAG, XMP_TAG, IPTC_TAG = 34675, 700, 33723
MOST_CHANNELS = 5


def open_tiff(data: bytes, wanted: int | None = None) -> Opened:
    """Return the header of a page of a TIFF file; by default of the first page that is not a small preview.

    Raises
    ------
    ValueError
        If the tags are damaged.
    PhotoUnreadable
        If the page holds a camera's raw data, floating point or signed samples, or an unusual colour space, or if
        there is no such page.
    """
    choice = tiff_pages.choose(data, wanted)
    file = tifffile.TiffFile(io.BytesIO(data))
    page: Any = file.pages[choice.page.index]
    if (page.imagewidth, page.imagelength) != choice.page.size:
        msg = "the page states two sizes"
        raise ValueError(msg)
    _refuse_unusual(page)
    block = _descriptive_block(data, page.offset)
    infrared, told = _infrared(file, page, choice.infrared, data)
    return Opened(
        "TIFF",
        (page.imagewidth, page.imagelength),
        lambda: tiff_pixels.bands(page, data),
        infrared=infrared,
        pages=choice.count,
        page=choice.number,
        icc=_raw(page, ICC_TAG),
        exif=block,
        xmp=_raw(page, XMP_TAG),
        iptc=_raw(page, IPTC_TAG),
        dpi=exif.resolution(block) if block else None,
        notices=(*choice.notices, *(told or _notices(page))),
    )


def _infrared(
    file: tifffile.TiffFile, page: Any, index: int | None, data: bytes
) -> tuple[Callable[[], Iterable[Raster]] | None, tuple[Notice, ...]]:
    """Return what decodes a scanner's infrared channel: the fourth of a page, or a page of its own; and a notice.

    VueScan writes the first, SilverFast the second, marked as a mask, behind a small copy or without one.
    """
    channel = tiff_pixels.infrared_channel(page)
    if channel is not None and page.compression != tiff_pixels.OLD_JPEG:
        return (lambda: tiff_pixels.bands(page, data, channel)), (Notice("infrared-channel"),)
    other: Any = None if index is None else file.pages[index]
    if other is None or other.bitspersample not in (8, 16) or _problem(other):
        return None, ()
    return (lambda: tiff_pixels.bands(other, data)), (Notice("infrared-page", page=other.index + 1),)


def _refuse_unusual(page: Any) -> None:
    """Raise an error for pages that cannot be interpreted reliably as a photograph."""
    if problem := _problem(page):
        msg = f"Expected a TIFF file with a photograph, got one with {problem} first."
        raise PhotoUnreadable(msg)


def _problem(page: Any) -> str:
    """Return what of a page cannot be interpreted, and what to do; empty where all can."""
    problem = ""
    if page.photometric not in CHANNELS or (page.photometric == YCBCR and page.compression not in (6, 7)):
        problem = f"the colour space {getattr(page.photometric, 'name', page.photometric)}. Save it as RGB"
    elif page.compression not in COMPRESSIONS:
        named = getattr(page.compression, "name", page.compression)
        problem = f"the compression {named}. Save it without compression"
    elif not isinstance(page.bitspersample, int):
        problem = "channels of different depths. Save it with 8 or 16 bits a channel"
    elif page.sampleformat != UNSIGNED or page.bitspersample > 16:
        kind = SAMPLES.get(page.sampleformat, "unusual")
        problem = f"{kind} samples of {page.bitspersample} bits. Save it with 8 or 16 bits a channel"
    elif not CHANNELS[page.photometric] <= page.samplesperpixel <= MOST_CHANNELS or page.imagedepth != 1:
        problem = f"{page.samplesperpixel} channels. Save it as RGB"
    return problem


def _raw(page: Any, code: int) -> bytes | None:
    tag = page.tags.get(code)
    value = tag.value if tag is not None else None
    if isinstance(value, tuple):  # IPTC is often stored as 32-bit words
        return np.asarray(value, page.parent.byteorder + "u4").tobytes()
    return value if isinstance(value, bytes) and value else None


def _descriptive_block(data: bytes, table: int) -> bytes:
    """Return the descriptive tags of a page as a separate EXIF block."""
    entries, _ = tags.read_table(data, table)
    order = tags.byte_order(data)
    fields = tags.collect(data, tags.descriptive(entries))
    return tags.header(order) + tags.write_table(fields, order, 8) if fields else b""


def _notices(page: Any) -> tuple[Notice, ...]:
    extra = page.samplesperpixel - CHANNELS[page.photometric]
    if extra > 0 and tiff_pixels.alpha_channel(page) is None:
        return (Notice("extra-channels", count=extra),)
    return ()
