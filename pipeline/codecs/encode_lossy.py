"""Encode JPEG and WebP (8 bits) with profile, EXIF, XMP, IPTC and resolution."""

import io
import struct
from dataclasses import replace
from typing import Any

from PIL import Image

from pipeline.codecs import exif
from pipeline.codecs.canvas import Canvas
from pipeline.codecs.colour import srgb_profile
from pipeline.codecs.metadata import Metadata
from pipeline.errors import PhotoUnwritable
from pipeline.notices import Notice

JPEG_SIDE, WEBP_SIDE = 65_500, 16_383
JPEG_COMMENT = 65_533
JPEG_EXIF, JPEG_XMP, JPEG_IPTC = 65_533 - 6, 65_533 - 29, 65_533 - 28
SHARP_COLOURS = 90


def encode_jpeg(canvas: Canvas, metadata: Metadata, quality: int) -> tuple[bytes, tuple[Notice, ...]]:
    """Return a picture without alpha as baseline JPEG; from quality 90 on without chroma subsampling.

    Returns
    -------
    data : bytes
    notices : tuple of Notice
        One for each part of the metadata that is too long for a JPEG segment.

    Raises
    ------
    PhotoUnwritable
        If a side is longer than JPEG allows.
    """
    _check_sides("JPEG", canvas, JPEG_SIDE)
    metadata, notices = _within_segments(metadata)
    options: dict[str, Any] = {"dpi": tuple(round(d) for d in metadata.dpi)} if metadata.dpi else {}
    if metadata.exif:
        options["exif"] = exif.PREFIX + metadata.exif
    if metadata.xmp:
        options["xmp"] = metadata.xmp
    if metadata.texts:
        options["comment"] = metadata.texts[0][1].encode()
    subsampling = 0 if quality >= SHARP_COLOURS else 2
    data = _saved(canvas, "JPEG", quality=quality, subsampling=subsampling, optimize=True, **options)
    return (data[:2] + _iptc_segment(metadata.iptc) + data[2:] if metadata.iptc else data), notices


def _within_segments(metadata: Metadata) -> tuple[Metadata, tuple[Notice, ...]]:
    """Return the metadata without the parts that are too long for a JPEG segment."""
    notices = []
    for field, most in (("exif", JPEG_EXIF), ("xmp", JPEG_XMP), ("iptc", JPEG_IPTC)):
        length = len(getattr(metadata, field) or b"")
        if length > most:
            notices.append(Notice("metadata-too-long", part=field.upper(), length=length, limit=most))
            left_out: dict[str, Any] = {field: None}
            metadata = replace(metadata, **left_out)
    length = len(metadata.texts[0][1].encode()) if metadata.texts else 0
    if length > JPEG_COMMENT:
        notices.append(Notice("metadata-too-long", part="Comment", length=length, limit=JPEG_COMMENT))
        metadata = replace(metadata, texts=())
    return metadata, tuple(notices)


def _iptc_segment(record: bytes) -> bytes:
    """Return an APP13 segment with an IPTC record as image resource 0x0404."""
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + bytes(len(record) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def encode_webp(canvas: Canvas, metadata: Metadata, quality: int) -> tuple[bytes, tuple[Notice, ...]]:
    """Return a picture as lossy WebP with lossless alpha.

    WebP has no field for dots per inch; they are stored in EXIF.

    Raises
    ------
    PhotoUnwritable
        If a side is longer than WebP allows, or the encoder refuses the picture.
    """
    _check_sides("WebP", canvas, WEBP_SIDE)
    block, notices = metadata.exif, tuple[Notice, ...]()
    if metadata.dpi and block is None:
        block = exif.from_resolution(metadata.dpi)
    elif metadata.dpi and block and exif.resolution(block) is None:
        notices = (Notice("dpi-dropped"),)
    data = _saved(canvas, "WEBP", quality=quality, method=2, exact=True, exif=block or b"", xmp=metadata.xmp or b"")
    return data, notices


def _check_sides(name: str, canvas: Canvas, most: int) -> None:
    width, height = canvas.size
    if max(width, height) > most:
        msg = f"Expected at most {most} pixels a side for {name}, got {width} x {height}. Save as PNG or TIFF."
        raise PhotoUnwritable(msg)


def _saved(canvas: Canvas, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    try:
        Image.fromarray(canvas.samples).save(file, name, icc_profile=srgb_profile(), **options)
    except (OSError, ValueError) as error:
        msg = f"The photograph cannot be saved as {name}; it may be too large for it. Save as PNG or TIFF."
        raise PhotoUnwritable(msg) from error
    return file.getvalue()
