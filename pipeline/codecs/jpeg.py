"""Read what a JPEG file states outside its pixels (ITU-T T.81, annex B)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SOI, EOI, SOS, BOXES, COMMENT = 0xD8, 0xD9, 0xDA, 0xEB, 0xFE
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = 0xC2
LONE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a length: TEM and the restarts."""

_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")


@dataclass(frozen=True)
class Frame:
    """What the frame header states."""

    process: int
    """The marker: 0xC0 for baseline, 0xC2 for progressive, 0xC3 for lossless."""

    bits: int
    width: int
    height: int
    components: int
    at: int
    """Offset of the header's content, which begins with the bits."""


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, first and last byte of each segment's content up to the end of the picture.

    Entropy-coded data is skipped; a damaged segment ends the walk.
    """
    at = 2
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == EOI:
            yield EOI, at, at
            return
        if marker in LONE or marker == SOI:
            continue
        if at + 2 > len(data):
            return
        length = struct.unpack_from(">H", data, at)[0]
        if length < 2 or at + length > len(data):
            return
        yield marker, at + 2, at + length
        at += length


@dataclass(frozen=True)
class Outline:
    """What the segments of a file state together."""

    scans: int
    comments: tuple[str, ...]
    end: int
    """The byte behind the picture; the length of the file if the picture has no end."""

    has_credentials: bool
    """Whether there are content credentials (C2PA), which lie in boxes of ISO/IEC 19566-5."""


def outline(data: bytes) -> Outline:
    """Return what the segments state, in one pass over the file."""
    scans, comments, has_credentials = 0, list[str](), False
    for marker, start, end in segments(data):
        if marker == EOI:
            return Outline(scans, tuple(comments), end, has_credentials)
        if marker == SOS:
            scans += 1
        elif marker == COMMENT:
            comments.append(_text(data[start:end]))
        elif marker == BOXES and data.startswith(b"JP", start):
            has_credentials = has_credentials or b"c2pa" in data[start : start + 128]
    return Outline(scans, tuple(comments), len(data), has_credentials)


def _text(raw: bytes) -> str:
    raw = raw.rstrip(b"\0")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_baseline(data: bytes, found: Frame) -> bytes:
    """Return the file with the process and depth of an ordinary one, for readers of headers that know no other."""
    return data[: found.at - 3] + b"\xc0" + data[found.at - 2 : found.at] + b"\x08" + data[found.at + 1 :]


def frame(data: bytes) -> Frame | None:
    """Return the first frame header, or None."""
    for marker, start, end in segments(data):
        if marker in FRAMES and end - start >= 6:
            bits, height, width, components = struct.unpack_from(">BHHB", data, start)
            return Frame(marker, bits, width, height, components, start)
        if marker == SOS:
            return None
    return None
