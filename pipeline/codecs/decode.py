"""Recognise a file by its content and decode its first picture."""

import io
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile

from pipeline.codecs.decode_tiff import open_tiff
from pipeline.codecs.raster import Opened, Raster, from_channels
from pipeline.errors import PhotoTooLarge, PhotoUnreadable, StudioError

READABLE = "JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC"

# Image.open is not used: its limit on pixels is shared by the whole process.
PLUGINS: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "HEIC": pillow_heif.HeifImageFile,
}

SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}

REFUSED = {
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript file",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML file",
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"PK\x03\x04": "a ZIP archive",
}


def open_image(data: bytes, page: int | None = None) -> Opened:
    """Return the header of a file; its `load` decodes the pixels.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : int, optional
        Which page of a TIFF file, from 1; by default the first one that is not a small preview.

    Returns
    -------
    Opened

    Raises
    ------
    PhotoUnreadable
        If the file is not of a supported format, or damaged.
    PhotoTooLarge
        If the header states more pixels than the decoder accepts.
    """
    name = _sniff(data)
    with guarded(name):
        opened = open_tiff(data, page) if name == "TIFF" else _open_by_pillow(data, name)
    if page is not None and page > opened.pages:
        msg = f"Expected page 1, which is all that a {name} file has, got {page}. Omit the page."
        raise PhotoUnreadable(msg)
    return opened


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Raise an error of ours for whatever a decoder raises on a damaged file.

    Raises
    ------
    PhotoUnreadable
        If the file is truncated or damaged.
    PhotoTooLarge
        If it states more pixels than can be decoded, or does not fit into memory.
    """
    try:
        yield
    except StudioError:
        raise
    except (DecompressionBombError, MemoryError) as error:
        msg = f"The {name} file states more pixels than can be decoded. Reduce it first."
        raise PhotoTooLarge(msg) from error
    except Exception as error:  # decoders raise anything, from IndexError to AssertionError
        msg = f"The {name} file is damaged or incomplete. Copy it again from its source."
        raise PhotoUnreadable(msg) from error


def _sniff(data: bytes) -> str:
    """Return the name of the format, by the first bytes."""
    if not data:
        msg = f"Expected a picture ({READABLE}), got an empty file. Copy it again from its source."
        raise PhotoUnreadable(msg)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and (family := _brand(data)):
        return family
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    found = next((what for start, what in REFUSED.items() if data.lstrip().startswith(start)), "a file of another kind")
    msg = f"Expected a picture ({READABLE}), got {found}. Convert it first."
    raise PhotoUnreadable(msg)


def _brand(data: bytes) -> str:
    """Return ``"AVIF"`` or ``"HEIC"``, by the brands of their common container; empty for others."""
    box = data[8 : min(struct.unpack_from(">I", data)[0], 256)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4)}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1"} else ""


def _open_by_pillow(data: bytes, name: str) -> Opened:
    image = PLUGINS[name](io.BytesIO(data))
    info: dict[Any, Any] = image.info
    several = bool(getattr(image, "is_animated", False)) or "mpoffset" in info
    resources = info.get("photoshop")
    return Opened(
        name,
        image.size,
        lambda: [_decode(data, name, image)],
        several=several,
        icc=info.get("icc_profile") or None,
        exif=info.get("exif") or None,
        xmp=_gif_xmp(data) if name == "GIF" else _as_bytes(info.get("xmp")),
        iptc=resources.get(0x0404) if isinstance(resources, dict) else None,
        dpi=_stored_dpi(info, name),
    )


def _as_bytes(text: str | bytes | None) -> bytes | None:
    return (text.encode() if isinstance(text, str) else text) or None


def _gif_xmp(data: bytes) -> bytes | None:
    """Return the XMP packet of the application extension, which ends with a ramp of bytes from 255 down."""
    found = re.search(rb"!\xff\x0bXMP DataXMP(.*?)\x01\xff\xfe", data, re.DOTALL)
    return found[1] if found else None


def _stored_dpi(info: dict[Any, Any], name: str) -> tuple[float, float] | None:
    """Return the dots per inch that the format states; for a JPEG without them, Pillow assumes 72."""
    if name == "JPEG" and info.get("jfif_unit") not in (1, 2):
        return None
    dpi = info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi else None


def _decode(data: bytes, name: str, image: ImageFile) -> Raster:
    """Return the samples at the depth of the file; Pillow alone would reduce some formats to 8 bits."""
    if name == "PNG" and data[24] == 16:
        return from_channels(imagecodecs.png_decode(data), 65535)
    if name == "AVIF" and (bits := _avif_bits(data)) > 8:
        return from_channels(imagecodecs.avif_decode(data, index=0), (1 << bits) - 1)
    if name == "HEIC" and image.info.get("bit_depth", 8) > 8:
        deep = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        return from_channels(np.asarray(deep), 65535)
    return _decode_by_pillow(image)


def _avif_bits(data: bytes) -> int:
    """Return the bits a channel, from the AV1 codec configuration (AV1-ISOBMFF 2.3)."""
    found = re.search(rb"av1C\x81.(.)", data, re.DOTALL)
    flags = found[1][0] if found else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _decode_by_pillow(image: ImageFile) -> Raster:
    """Return the samples of a 1-bit, palette, grey, RGB or CMYK picture, with alpha if it has transparency."""
    image.load()
    if image.mode == "CMYK":
        return Raster(np.asarray(image), None, 255)
    is_grey = image.mode in ("1", "L", "LA", "La")
    target = ("LA" if is_grey else "RGBA") if image.has_transparency_data else ("L" if is_grey else "RGB")
    return from_channels(np.asarray(image if image.mode == target else image.convert(target)), 255)
