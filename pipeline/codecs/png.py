"""Read what a PNG file states outside its pixels, before and behind them (W3C PNG, third edition)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.codecs.cicp import UNKNOWN, UNSPECIFIED, Cicp, Primaries, gamma_curve, near_srgb

MOST_CHUNKS = 1 << 20
MOST_TEXT = 1 << 22
"""Bytes of all texts together."""

XMP_KEYWORD = "XML:com.adobe.xmp"
RAW_PROFILE = "Raw profile type "


@dataclass
class Chunks:
    """What the chunks state."""

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    cicp: Cicp | None = None
    texts: list[tuple[str, str]] = field(default_factory=list)
    dropped: bool = False
    """Whether texts were left out because they are too long or damaged."""

    has_credentials: bool = False
    """Whether there are content credentials (C2PA)."""


def read_chunks(data: bytes) -> Chunks:
    """Return what the chunks of a PNG file state; chunks with a wrong checksum are left out."""
    found, colour = Chunks(), dict[bytes, bytes]()
    left = MOST_TEXT
    for kind, start, end in _chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            left -= end - start
            keyword, text = _text(kind, data[start:end], left) if left > 0 else ("", None)
            left -= len(text or "")
            _place(found, keyword, text)
        elif kind == b"eXIf" and found.exif is None:
            found.exif = data[start:end]
        elif kind == b"caBX":
            found.has_credentials = True
        elif kind in (b"cICP", b"gAMA", b"cHRM", b"sRGB", b"iCCP"):
            colour[kind] = data[start:end]
    found.cicp = _colour(colour)
    return found


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, and the first and last byte of its content."""
    at = 8
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        start, at = at + 8, at + 12 + length
        if at > len(data) or kind == b"IEND":
            return
        if kind != b"IDAT" and zlib.crc32(data[start - 4 : at - 4]) == struct.unpack_from(">I", data, at - 4)[0]:
            yield kind, start, at - 4


def _text(kind: bytes, body: bytes, most: int) -> tuple[str, str | None]:
    """Return keyword and text of a chunk; None for the text if it is damaged or longer than `most` bytes."""
    keyword, _, rest = body.partition(b"\0")
    try:
        if kind == b"tEXt":
            return keyword.decode("latin-1"), rest.decode("latin-1")
        if kind == b"zTXt":
            return keyword.decode("latin-1"), _inflated(rest[1:], most).decode("latin-1")
        compressed, (_, _, text) = rest[0], rest[2:].split(b"\0", 2) if rest.count(b"\0", 2) > 1 else (b"", b"", b"")
        return keyword.decode("latin-1"), (_inflated(text, most) if compressed else text).decode()
    except (ValueError, IndexError, zlib.error):
        return keyword.decode("latin-1"), None


def _inflated(data: bytes, most: int) -> bytes:
    packer = zlib.decompressobj()
    text = packer.decompress(data, most)
    if not packer.eof:
        msg = "the text is too long or cut off"
        raise ValueError(msg)
    return text


def _place(found: Chunks, keyword: str, text: str | None) -> None:
    """Add a text to what was found; some programs store metadata as texts."""
    if text is None:
        found.dropped = True
    elif keyword == XMP_KEYWORD:
        found.xmp = found.xmp or text.encode()
    elif keyword.startswith(RAW_PROFILE):
        _place_profile(found, keyword.removeprefix(RAW_PROFILE), text)
    else:
        found.texts.append((keyword, text))


def _place_profile(found: Chunks, kind: str, text: str) -> None:
    """Add what ImageMagick writes in hexadecimal digits behind a name and a length."""
    try:
        _, _, digits = text.split(None, 2)
        profile = bytes.fromhex(digits)
    except ValueError:
        found.dropped = True
        return
    if profile.startswith(b"Exif\0\0"):
        found.exif = found.exif or profile
    elif kind in ("xmp", "APP1"):
        found.xmp = found.xmp or profile.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")
    elif kind == "iptc":
        at = profile.find(b"8BIM\x04\x04")
        found.iptc = found.iptc or _resource(profile, at) if at >= 0 else profile


def _resource(profile: bytes, at: int) -> bytes | None:
    """Return the content of a Photoshop resource, behind an empty name of two bytes."""
    if at + 12 > len(profile):
        return None
    length = struct.unpack_from(">I", profile, at + 8)[0]
    return profile[at + 12 : at + 12 + length] or None


def _colour(chunks: dict[bytes, bytes]) -> Cicp | None:
    """Return the stated colour by the order of precedence of section 4.3: cICP, iCCP, sRGB, then gAMA and cHRM."""
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, is_full = chunks[b"cICP"]
        return Cicp(primaries, transfer) if matrix == 0 and is_full == 1 else UNKNOWN
    if b"iCCP" in chunks or b"sRGB" in chunks:
        return None
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 1e5 if len(chunks.get(b"gAMA", b"")) == 4 else 0.0
    corners: Primaries | None = None
    if len(chunks.get(b"cHRM", b"")) == 32:
        white, *rest = [(x / 1e5, y / 1e5) for x, y in struct.iter_unpack(">II", chunks[b"cHRM"])]
        corners = Primaries(rest[0], rest[1], rest[2], white)
    if gamma_curve(gamma) is None and (corners is None or near_srgb(corners)):
        return None
    return Cicp(UNSPECIFIED, UNSPECIFIED, gamma_curve(gamma), corners)
