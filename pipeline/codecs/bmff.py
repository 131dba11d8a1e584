"""Read the boxes of AVIF and HEIC files (ISO/IEC 14496-12, 23008-12)."""

import struct
from collections.abc import Iterator

from pipeline.codecs.cicp import Cicp

MOST_BOXES = 4096


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box, and the first and last byte of its content; a damaged box ends the walk."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            length, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        last = start + length if length else end
        if (length and length < head) or last > end:
            return
        yield kind, start + head, last
        start = last


def _inner(data: bytes, path: tuple[bytes, ...]) -> tuple[int, int] | None:
    """Return where the content of a box inside boxes lies; that of meta begins with four bytes of flags."""
    start, end = 0, len(data)
    for wanted in path:
        found = next(((s, e) for kind, s, e in boxes(data, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found[0] + (4 if wanted == b"meta" else 0), found[1]
    return start, end


def film_bytes(data: bytes) -> int:
    """Return the length of the film of a motion photo; 0 if there is none."""
    return sum(end - start for kind, start, end in boxes(data, 0, len(data)) if kind == b"mpvd")


def has_tracks(data: bytes) -> bool:
    """Return whether the file is animated."""
    return data[8:12] == b"avis" or any(kind == b"moov" for kind, _, _ in boxes(data, 0, len(data)))


def properties(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return the properties of the primary item; all of the file if it does not say which belong to it."""
    place = _inner(data, (b"meta", b"iprp", b"ipco"))
    found = list(boxes(data, *place)) if place else []
    try:
        return [found[index - 1] for index in _associated(data) if 0 < index <= len(found)] or found
    except struct.error:
        return found


def _associated(data: bytes) -> list[int]:
    """Return the numbers of the primary item's properties, from 1."""
    primary, table = _inner(data, (b"meta", b"pitm")), _inner(data, (b"meta", b"iprp", b"ipma"))
    if primary is None or table is None:
        return []
    wanted = struct.unpack_from(">I" if data[primary[0]] else ">H", data, primary[0] + 4)[0]
    at, version, wide = table[0] + 8, data[table[0]], data[table[0] + 3] & 1
    for _ in range(struct.unpack_from(">I", data, table[0] + 4)[0]):
        item, count = struct.unpack_from(">IB" if version else ">HB", data, at)
        at += 5 if version else 3
        if item == wanted:
            form, mask = (f">{count}H", 0x7FFF) if wide else (f">{count}B", 0x7F)
            return [number & mask for number in struct.unpack_from(form, data, at)]
        at += count * (2 if wide else 1)
        if at >= table[1]:
            break
    return []


def colour(data: bytes) -> Cicp | None:
    """Return the primary item's code points of H.273, or None."""
    for kind, start, end in properties(data):
        if kind == b"colr" and data[start : start + 4] == b"nclx" and end - start >= 11:
            return Cicp(*struct.unpack_from(">HH", data, start + 4))
    return None


def av1_bits(data: bytes) -> int:
    """Return the bits a channel, from the AV1 codec configuration (AV1-ISOBMFF 2.3)."""
    for kind, start, end in properties(data):
        if kind == b"av1C" and end - start >= 4:
            flags = data[start + 2]
            return (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    return 8
