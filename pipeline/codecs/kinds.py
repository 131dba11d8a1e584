"""Recognise what a file is by its first bytes."""

import re
import struct

from pipeline.errors import PhotoUnreadable

READABLE = "JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC"

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

RAW = "a camera's raw data. Develop it in a raw converter and save it as TIFF"
FILM = "a film. Save one of its pictures as PNG or JPEG"
DOCUMENT = "Save the photograph in it as PNG or JPEG"
CONVERT = "Convert it to PNG, TIFF or JPEG"
REFUSED = (
    (0, rb"FUJIFILMCCD-RAW|FOVb|\0MRM|II\x1a\0\0\0HEAPCCDR|II[RU][OS]|MMOR|IIU\0|IIRO|IIRS|\0\0\0\0arri", RAW),
    (0, rb"%PDF", f"a PDF document. {DOCUMENT}"),
    (0, rb"%!PS|\xc5\xd0\xd3\xc6", f"a PostScript file. {DOCUMENT}"),
    (0, rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an office document. {DOCUMENT}"),
    (0, rb"\{\\rtf", f"a text document. {DOCUMENT}"),
    (0, rb"AT&TFORM", f"a DjVu document. {DOCUMENT}"),
    (0, rb"PK\x03\x04.{26}(?:word|ppt|xl|\[Content|mimetypeapplication/vnd)", f"an office document. {DOCUMENT}"),
    (0, rb"PK\x03\x04.{26}mimetypeimage/openraster", f"an OpenRaster drawing. {CONVERT}"),
    (0, rb"PK\x03\x04|PK\x05\x06", "a ZIP archive. Unpack it first"),
    (0, rb"Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "an archive. Unpack it first"),
    (257, rb"ustar", "an archive. Unpack it first"),
    (0, rb"8BPS", f"a Photoshop document. {CONVERT}"),
    (0, rb"gimp xcf", f"a GIMP document. {CONVERT}"),
    (0, rb"\0\0\0\x0cJXL |\xff\x0a", f"a JPEG XL picture. {CONVERT}"),
    (0, rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", f"a JPEG 2000 picture. {CONVERT}"),
    (0, rb"\xff\xd8\xff[\xf7\xe8]", f"a JPEG-LS picture. {CONVERT}"),
    (0, rb"II\xbc[\0\x01]", f"a JPEG XR picture. {CONVERT}"),
    (0, rb"#\?RADIANCE|#\?RGBE|v/1\x01", f"a picture with the light of a scene (HDR). {CONVERT}"),
    (0, rb"\x8aMNG|\x8bJNG", FILM),
    (0, rb"qoif", f"a QOI picture. {CONVERT}"),
    (0, rb"DDS |\xabKTX", f"a texture. {CONVERT}"),
    (0, rb"P[1-7]\s|Pf\s|PF\s", f"a Netpbm picture. {CONVERT}"),
    (0, rb"\x0a[\0\x02\x03\x04\x05]\x01[\x01\x02\x04\x08]", f"a PCX picture. {CONVERT}"),
    (0, rb"\0\0[\x01\x02]\0[\x01-\xff]\0", f"an icon. {CONVERT}"),
    (0, rb"SIMPLE  =", f"a FITS picture. {CONVERT}"),
    (0, rb"\x59\xa6\x6a\x95", f"a Sun raster picture. {CONVERT}"),
    (0, rb"\x01\xda[\0\x01][\x01\x02]", f"an SGI picture. {CONVERT}"),
    (0, rb"icns", f"an icon. {CONVERT}"),
    (0, rb"FORM....(?:ILBM|PBM )", f"an Amiga picture. {CONVERT}"),
    (0, rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", f"a Windows metafile. {CONVERT}"),
    (128, rb"DICM", f"a medical picture (DICOM). {CONVERT}"),
    (2048, rb"PCD_", f"a Kodak Photo CD picture. {CONVERT}"),
    (0, rb"RIFF....AVI |\x1a\x45\xdf\xa3|FLV\x01|\0\0\x01[\xba\xb3]|\x30\x26\xb2\x75\x8e\x66\xcf\x11|OggS", FILM),
    (0, rb"RIFF....WAVE|ID3|fLaC|\xff[\xf1\xf9\xfb\xf3]", "a sound recording. Choose a photograph"),
    (0, rb"\x47(?!IF8).{187}\x47", FILM),
    (0, rb"\s*<svg|\s*<\?xml.{0,2000}<svg", "an SVG drawing. Draw it as PNG first"),
    (0, rb"(?i:\s*<!doctype html|\s*<html)", f"a web page. {DOCUMENT}"),
    (0, rb"\s*<\?xml", "an XML file. Choose a photograph"),
    (0, rb"MZ|\x7fELF|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "a program. Choose a photograph"),
)
"""Where, what, and what it is with what to do; the first that fits."""

FILMS = (b"iso", b"mp4", b"avc1", b"qt  ", b"M4V ", b"3gp", b"3g2", b"dash")
HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


def recognise(data: bytes) -> str:
    """Return the name of the format, by the first bytes.

    Raises
    ------
    PhotoUnreadable
        If it is none that can be read, with what it is and what to do.
    """
    if not data:
        msg = f"Expected a picture ({READABLE}), got an empty file. Copy it again from its source."
        raise PhotoUnreadable(msg)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and (family := _brand(data)):
        return family
    found = refusal(data)
    if found is None:
        for signature, name in SIGNATURES.items():
            if data.startswith(signature) and not (name == "BMP" and is_text(data)):
                return name
    msg = f"Expected a picture ({READABLE}), got {found or _unknown(data)}."
    raise PhotoUnreadable(msg)


def refusal(data: bytes) -> str | None:
    """Return what a file is that cannot be read, with what to do; None if it is not known."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand == b"crx ":
            return RAW
        return FILM if brand.startswith(FILMS) else f"a file of another kind. {CONVERT}"
    if data[4:8] in (b"moov", b"mdat", b"wide"):
        return FILM
    return next((what for at, mark, what in REFUSED if re.compile(mark, re.DOTALL).match(head, at)), None)


def _unknown(data: bytes) -> str:
    """Return what a file without a mark is: empty bytes, a text, or something else."""
    if not data.strip(b"\0"):
        return "a file of zeros, whose content is lost. Copy it again from its source"
    if is_text(data):
        return "a text file. Choose a photograph"
    return f"a file of another kind. {CONVERT}"


def is_text(data: bytes) -> bool:
    """Return whether a file begins like a text, in UTF-8 or UTF-16."""
    head = data[:4096]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    try:
        text = head.decode() if len(data) <= len(head) else head[: head.rfind(b" ") + 1].decode()
    except UnicodeDecodeError:
        return False
    return len(text) > 3 and all(c.isprintable() or c in "\r\n\t\f" for c in text.lstrip("\ufeff"))


def _brand(data: bytes) -> str:
    """Return ``"AVIF"`` or ``"HEIC"``, by the brands of their common container; empty for others."""
    box = data[8 : min(struct.unpack_from(">I", data)[0], 256)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4)}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & HEIC and b"crx " not in brands else ""
