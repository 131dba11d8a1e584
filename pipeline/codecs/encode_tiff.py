"""Encode TIFF 6.0 with 8 or 16 bits, deflated strips, and the EXIF block unchanged.

A file consists of the header and the EXIF block, the strips, and a new first table. The block starts at offset 0 as
before, so that all offsets inside it stay valid, those in maker notes included.
"""

import os
import struct
from concurrent.futures import ThreadPoolExecutor

from isal import isal_zlib

from pipeline.codecs import tags
from pipeline.codecs.canvas import Canvas
from pipeline.codecs.colour import srgb_profile
from pipeline.codecs.metadata import Metadata
from pipeline.codecs.tags import LONG, SHORT, UNDEFINED, Field
from pipeline.errors import PhotoUnwritable

ADOBE_DEFLATE, RGB, HORIZONTAL, UNASSOCIATED = 8, 2, 2, 2
XMP, IPTC, ICC = 700, 33723, 34675
LARGEST = (1 << 32) - (1 << 20)


def encode_tiff(canvas: Canvas, metadata: Metadata) -> bytes:
    """Return a picture as TIFF.

    Parameters
    ----------
    canvas : Canvas
        8 or 16 bits a channel, with or without alpha.
    metadata : Metadata
        All of it is written.

    Returns
    -------
    bytes

    Raises
    ------
    PhotoUnwritable
        If the file would exceed 4 GB, the range of TIFF's offsets.
    """
    block = metadata.exif or tags.header("<")
    order = tags.byte_order(block)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        strips = list(pool.map(lambda band: _strip(canvas, order, *band), canvas.bands()))
    offsets, at = [], len(block) + len(block) % 2
    parts = [block.ljust(at, b"\0")]
    for strip in strips:
        offsets.append(at)
        parts.append(strip.ljust(len(strip) + len(strip) % 2, b"\0"))
        at += len(parts[-1])
    if at > LARGEST:
        msg = f"Expected at most 4 GB for TIFF, got {at / 1e9:.1f} GB. Save as PNG."
        raise PhotoUnwritable(msg)
    table = _kept(block) if metadata.exif else {}
    table |= _layout(canvas, order, offsets, [len(strip) for strip in strips])
    table |= _companions(metadata, order)
    parts[0] = parts[0][:4] + struct.pack(order + "I", at) + parts[0][8:]
    return b"".join([*parts, tags.write_table(table, order, at)])


def _strip(canvas: Canvas, order: str, top: int, bottom: int) -> bytes:
    """Return some rows deflated as differences between neighbouring pixels (predictor 2)."""
    samples = canvas.samples[top:bottom]
    differences = samples.copy()
    differences[:, 1:] -= samples[:, :-1]
    return isal_zlib.compress(differences.astype(f"{order}u{differences.dtype.itemsize}"), 1)


def _kept(block: bytes) -> dict[int, Field]:
    """Return the descriptive entries of the EXIF block's first table, with pointers unchanged."""
    entries, _ = tags.read_table(block, tags.first_table(block))
    return {tag: tags.plain_field(entry) for tag, entry in tags.descriptive(entries).items()}


def _layout(canvas: Canvas, order: str, offsets: list[int], counts: list[int]) -> dict[int, Field]:
    """Return the tags that describe how the pixels are stored."""
    width, height = canvas.size
    rows = canvas.bands()[0][1]
    table = {
        256: _whole(LONG, order, width),
        257: _whole(LONG, order, height),
        258: _whole(SHORT, order, *[canvas.depth] * canvas.channels),
        259: _whole(SHORT, order, ADOBE_DEFLATE),
        262: _whole(SHORT, order, RGB),
        273: _whole(LONG, order, *offsets),
        tags.ORIENTATION: _whole(SHORT, order, 1),
        277: _whole(SHORT, order, canvas.channels),
        278: _whole(LONG, order, rows),
        279: _whole(LONG, order, *counts),
        284: _whole(SHORT, order, 1),
        317: _whole(SHORT, order, HORIZONTAL),
    }
    if canvas.channels == 4:
        table[338] = _whole(SHORT, order, UNASSOCIATED)
    return table


def _companions(metadata: Metadata, order: str) -> dict[int, Field]:
    """Return the tags for profile, resolution, XMP and IPTC."""
    table = {ICC: Field(UNDEFINED, srgb_profile())}
    if metadata.dpi:
        table |= tags.resolution_fields(metadata.dpi, order)
    if metadata.xmp:
        table[XMP] = Field(1, metadata.xmp)
    if metadata.iptc:
        table[IPTC] = Field(UNDEFINED, metadata.iptc)
    return table


def _whole(kind: int, order: str, *values: int) -> Field:
    form = f"{order}{len(values)}{'H' if kind == SHORT else 'I'}"
    return Field(kind, struct.pack(form, *values))
