"""Decode everything but TIFF: by Pillow, or by another library where Pillow would reduce or refuse the samples."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from pipeline.codecs import bmff, bmp, gif, jpeg, png
from pipeline.codecs.cicp import Cicp
from pipeline.codecs.raster import Opened, Raster, from_channels
from pipeline.errors import PhotoTooLarge, PhotoUnreadable
from pipeline.notices import Notice

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
SHALLOW = 8
MOST_SCANS = 100
"""Of a JPEG file; encoders write about ten, and each costs as much time as the whole picture."""

MOST_PIXELS_A_BYTE = {0xC0: 512, 0xC1: 512, 0xC2: 512, 0xC3: 8}
"""Of a JPEG file, by process: a block of 64 pixels takes a bit at least, or each pixel where nothing is lost.

A shorter file is cut off, or states a false size.
"""

MOST_PROGRESSIVE = 150_000_000
"""Pixels of a progressive JPEG file; the decoder keeps all its coefficients, six bytes a pixel."""

PILLOWS_JPEGS = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive."""

CREDENTIALS = (Notice("metadata-dropped", part="C2PA", reason="it vouches for the file before its restoration"),)
BAND_PIXELS = 1 << 22
LEAST_ATTACHMENT = 16
"""Bytes behind a picture; fewer are padding."""


@dataclass(frozen=True)
class _Extras:
    """What Pillow does not say of a file."""

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    cicp: Cicp | None = None
    texts: tuple[tuple[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()


def open_by_pillow(data: bytes, name: str) -> Opened:
    """Return the header of a file of a format in `PLUGINS`."""
    if name == "BMP" and (masked := _masked_bmp(data)):
        return masked
    if name == "JPEG":
        return _open_jpeg(data)
    return _opened(data, name, PLUGINS[name](io.BytesIO(data)), _extras(data, name))


def _opened(data: bytes, name: str, image: ImageFile, extras: _Extras) -> Opened:
    info: dict[Any, Any] = image.info
    resources = info.get("photoshop")
    iptc = resources.get(0x0404) if isinstance(resources, dict) else None
    return Opened(
        name,
        image.size,
        lambda: _decode(data, name, image),
        icc=info.get("icc_profile") or None,
        exif=info.get("exif") or extras.exif,
        xmp=_as_bytes(info.get("xmp")) or extras.xmp,
        iptc=iptc or extras.iptc,
        cicp=extras.cicp or _nclx(info),
        dpi=_stored_dpi(info, name),
        texts=extras.texts,
        notices=(*_several(image, name), *extras.notices),
    )


def _several(image: ImageFile, name: str) -> tuple[Notice, ...]:
    several = bool(getattr(image, "is_animated", False)) or "mpoffset" in image.info
    return (Notice("first-frame", format=name),) if several else ()


def _as_bytes(text: str | bytes | None) -> bytes | None:
    return (text.encode() if isinstance(text, str) else text) or None


def _nclx(info: dict[Any, Any]) -> Cicp | None:
    stated = info.get("nclx_profile")
    return Cicp(int(stated["color_primaries"]), int(stated["transfer_characteristics"])) if stated else None


def _stored_dpi(info: dict[Any, Any], name: str) -> tuple[float, float] | None:
    """Return the dots per inch that the format states; for a JPEG without them, Pillow assumes 72."""
    if name == "JPEG" and info.get("jfif_unit") not in (1, 2):
        return None
    dpi = info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi else None


def _extras(data: bytes, name: str) -> _Extras:
    match name:
        case "PNG":
            chunks = png.read_chunks(data)
            notices = (Notice("metadata-dropped", part="PNG", reason="a text is too long or damaged"),)
            lost = (*(notices if chunks.dropped else ()), *(CREDENTIALS if chunks.has_credentials else ()))
            return _Extras(chunks.exif, chunks.xmp, chunks.iptc, chunks.cicp, tuple(chunks.texts), lost)
        case "GIF":
            blocks = gif.read_blocks(data)
            return _Extras(xmp=blocks.xmp, texts=_comment(blocks.comments))
        case "AVIF":
            deep = bmff.av1_bits(data) > SHALLOW and bmff.has_tracks(data)
            return _Extras(cicp=bmff.colour(data), notices=(Notice("depth-not-read", format=name),) if deep else ())
        case "HEIC" if length := bmff.film_bytes(data):
            return _Extras(notices=(Notice("attachment-dropped", length=length),))
    return _Extras()


def _comment(comments: list[str] | tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    text = "\n".join(comment for comment in comments if comment.strip())
    return (("Comment", text),) if text else ()


def _open_jpeg(data: bytes) -> Opened:
    """Return the header of a JPEG file; of processes and depths that Pillow refuses too."""
    outline, frame = jpeg.outline(data), jpeg.frame(data)
    if outline.scans > MOST_SCANS:
        msg = f"Expected a JPEG file of at most {MOST_SCANS} scans, got {outline.scans}. Save it again as JPEG or PNG."
        raise PhotoUnreadable(msg)
    most = MOST_PIXELS_A_BYTE.get(frame.process) if frame else None
    if frame and most and frame.width * frame.height > most * len(data):
        msg = f"{len(data)} bytes cannot hold {frame.width} x {frame.height} pixels"
        raise ValueError(msg)
    if frame and frame.process == jpeg.PROGRESSIVE and frame.width * frame.height > MOST_PROGRESSIVE:
        msg = (
            f"Expected a progressive JPEG file of at most {MOST_PROGRESSIVE / 1e6:.0f} million pixels, "
            f"got {frame.width} x {frame.height}. Reduce it first."
        )
        raise PhotoTooLarge(msg)
    is_plain = frame is None or (frame.process in PILLOWS_JPEGS and frame.bits == SHALLOW)
    readable = data if is_plain or frame is None else jpeg.as_baseline(data, frame)
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(readable))
    behind = _behind(data[outline.end :]) if "mpoffset" not in image.info else ()
    notices = (*behind, *(CREDENTIALS if outline.has_credentials else ()))
    opened = _opened(data, "JPEG", image, _Extras(texts=_comment(outline.comments), notices=notices))
    return opened if is_plain or frame is None else replace(opened, load=lambda: [_unusual_jpeg(data, frame)])


def _behind(rest: bytes) -> tuple[Notice, ...]:
    """Return a notice about what lies behind the picture, such as the film of a motion photo."""
    held = rest.strip(b"\0\xff")
    return (Notice("attachment-dropped", length=len(rest)),) if len(held) >= LEAST_ATTACHMENT else ()


def _unusual_jpeg(data: bytes, frame: jpeg.Frame) -> Raster:
    """Return the samples of a JPEG file of 12 bits, or compressed without loss."""
    if frame.components not in (1, 3):
        msg = f"{frame.components} components of {frame.bits} bits are not supported"
        raise NotImplementedError(msg)
    samples = np.asarray(imagecodecs.jpeg8_decode(data))
    return from_channels(samples.reshape(frame.height, frame.width, -1), (1 << frame.bits) - 1)


def _masked_bmp(data: bytes) -> Opened | None:
    """Return the header of a BMP file with masks that Pillow refuses; None for others."""
    found = bmp.layout(data)
    try:
        BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    except OSError:
        if found is not None:
            size = (found.width, abs(found.height))
            return Opened("BMP", size, lambda: [bmp.decode(data, found)])
    return None


def _decode(data: bytes, name: str, image: ImageFile) -> Iterable[Raster]:
    """Return the samples at the depth of the file; Pillow alone would reduce some formats to 8 bits."""
    if name == "PNG" and data[24] == 16:
        return [from_channels(imagecodecs.png_decode(data), 65535)]
    # imagecodecs frees the frames of an animation twice, so Pillow reads its first one.
    animated = getattr(image, "is_animated", False) or bmff.has_tracks(data)
    if name == "WebP" and not animated:  # Pillow needs four times the memory
        return [from_channels(imagecodecs.webp_decode(data), 255)]
    if name == "AVIF" and (bits := bmff.av1_bits(data)) > SHALLOW and not animated:
        return [from_channels(imagecodecs.avif_decode(data, index=0), (1 << bits) - 1)]
    if name == "HEIC" and image.info.get("bit_depth", SHALLOW) > SHALLOW:
        deep = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        return [from_channels(np.asarray(deep), 65535)]
    return _decode_by_pillow(image)


def _decode_by_pillow(image: ImageFile) -> Iterator[Raster]:
    """Yield the samples of a 1-bit, palette, grey, RGB or CMYK picture, with alpha if it has transparency.

    A large picture comes in bands of rows, without a second copy of the whole.
    """
    image.load()
    width, height = image.size
    is_grey = image.mode in ("1", "L", "LA", "La")
    target = ("LA" if is_grey else "RGBA") if image.has_transparency_data else ("L" if is_grey else "RGB")
    step = max(1, BAND_PIXELS // width)
    for top in range(0, height, step):
        band = image.crop((0, top, width, min(top + step, height))) if step < height else image
        if image.mode == "CMYK":
            yield Raster(np.asarray(band), None, 255)
        else:
            yield from_channels(np.asarray(band if image.mode == target else band.convert(target)), 255)
