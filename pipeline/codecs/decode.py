"""Open a file by its content, and decode its first picture."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile

from pipeline.codecs.decode_tiff import open_tiff
from pipeline.codecs.raster import Opened, Raster, from_channels
from pipeline.errors import PhotoTooLarge, PhotoUnreadable

READABLE = "JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC"

FAULTS = (
    *(OSError, ValueError, RuntimeError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError),
    *(AttributeError, AssertionError, MemoryError, struct.error, zlib.error),
)
"""What decoders raise on damaged bytes."""

# The classes are called, not Image.open, whose guard against bombs is a limit shared by the whole process.
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


def open_image(data: bytes) -> Opened:
    """Read a picture's header.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Opened
        Its `load` decodes the pixels.

    Raises
    ------
    PhotoUnreadable
        Where the bytes are no picture of a known format, or damaged.
    """
    name = _sniff(data)
    try:
        return open_tiff(data) if name == "TIFF" else _open_by_pillow(data, name)
    except DecompressionBombError as error:
        msg = f"The {name} file states a size beyond every limit: {error}"
        raise PhotoTooLarge(msg) from error
    except FAULTS as error:
        raise _damaged(name, error) from error


def load(opened: Opened) -> Raster:
    """Decode the pixels of an opened file.

    Raises
    ------
    PhotoUnreadable
        Where the file is truncated or damaged.
    """
    try:
        return opened.load()
    except FAULTS as error:
        raise _damaged(opened.format, error) from error


def _damaged(name: str, error: BaseException) -> PhotoUnreadable:
    why = str(error).strip().rstrip(".") or type(error).__name__
    msg = f"The {name} file is damaged or incomplete ({why}). Copy it again from where it came from."
    return PhotoUnreadable(msg)


def _sniff(data: bytes) -> str:
    """Name the format by the first bytes."""
    if not data:
        msg = f"The file is empty; a picture was expected ({READABLE})."
        raise PhotoUnreadable(msg)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and (family := _brand(data)):
        return family
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    found = next((f"It is {what}. " for start, what in REFUSED.items() if data.lstrip().startswith(start)), "")
    msg = f"The file is not a picture that can be read. {found}Readable are {READABLE}."
    raise PhotoUnreadable(msg)


def _brand(data: bytes) -> str:
    """Tell AVIF from HEIC by the brands of their common container."""
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
        lambda: _decode(data, name, image),
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
    """Find the packet in its application extension, which ends with a ramp of bytes from 255 down."""
    found = re.search(rb"!\xff\x0bXMP DataXMP(.*?)\x01\xff\xfe", data, re.DOTALL)
    return found[1] if found else None


def _stored_dpi(info: dict[Any, Any], name: str) -> tuple[float, float] | None:
    """Return the dots per inch of the format itself; Pillow makes up 72 for a JPEG that states none."""
    if name == "JPEG" and info.get("jfif_unit") not in (1, 2):
        return None
    dpi = info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi else None


def _decode(data: bytes, name: str, image: ImageFile) -> Raster:
    """Decode with all the bits that the file has, where Pillow would keep eight."""
    if name == "PNG" and data[24] == 16:
        return from_channels(imagecodecs.png_decode(data), 65535)
    if name == "AVIF" and (bits := _avif_bits(data)) > 8:
        return from_channels(imagecodecs.avif_decode(data, index=0), (1 << bits) - 1)
    if name == "HEIC" and image.info.get("bit_depth", 8) > 8:
        deep = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        return from_channels(np.asarray(deep), 65535)
    return _decode_by_pillow(image)


def _avif_bits(data: bytes) -> int:
    """Read the bit depth from the configuration of the AV1 codec (AV1-ISOBMFF 2.3)."""
    found = re.search(rb"av1C\x81.(.)", data, re.DOTALL)
    flags = found[1][0] if found else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _decode_by_pillow(image: ImageFile) -> Raster:
    """Decode 1-bit, palette, grey, RGB and CMYK, with alpha or a transparent colour."""
    image.load()
    if image.mode == "CMYK":
        return Raster(np.asarray(image), None, 255)
    is_grey = image.mode in ("1", "L", "LA", "La")
    target = ("LA" if is_grey else "RGBA") if image.has_transparency_data else ("L" if is_grey else "RGB")
    return from_channels(np.asarray(image if image.mode == target else image.convert(target)), 255)
