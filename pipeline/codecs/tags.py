"""Read and write the tag tables (IFDs) of TIFF 6.0, which EXIF uses too.

A table is a count, entries of twelve bytes, and a link to the next table. An entry holds its value if that fits into
four bytes, otherwise the offset of the value from the start of the block.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7
TYPE_BYTES = {
    1: 1,
    2: 1,
    SHORT: 2,
    LONG: 4,
    RATIONAL: 8,
    6: 1,
    UNDEFINED: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
}

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x112, 0x11A, 0x11B, 0x128
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)

NAMES = (0x10D, 0x10E, 0x10F, 0x110, 0x11D, 0x131, 0x132, 0x13B, 0x13C, 0x8298)
RATINGS_AND_WINDOWS = (0x4746, 0x4749, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F)
GEOMETRY = (ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
DESCRIPTIVE = frozenset((*NAMES, *RATINGS_AND_WINDOWS, *GEOMETRY, EXIF_IFD, GPS_IFD))
"""Tags of a first table that describe the photograph, not how its pixels are stored."""


@dataclass(frozen=True)
class Entry:
    """One tag of a table, with the offsets of its parts in the block."""

    tag: int
    kind: int
    count: int
    value: bytes
    at: int
    """Offset of the entry itself."""

    value_at: int
    """Offset of the value, inside or outside the entry."""


Table = Mapping[int, "Field"]


@dataclass(frozen=True)
class Field:
    """A value to write: raw bytes in the block's byte order, or a nested table."""

    kind: int
    value: bytes | Table


def byte_order(block: bytes | bytearray) -> str:
    """Return ``"<"`` or ``">"``, for `struct`.

    Raises
    ------
    ValueError
        If the block does not start with a header of TIFF 6.0.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    if order is None or len(block) < 8:
        msg = "the tag block does not start with a header of TIFF 6.0"
        raise ValueError(msg)
    return order


def first_table(block: bytes | bytearray) -> int:
    """Return the offset of the first table."""
    return int(struct.unpack_from(byte_order(block) + "I", block, 4)[0])


def read_table(block: bytes | bytearray, offset: int) -> tuple[dict[int, Entry], int]:
    """Return the entries of the table at `offset`, and the offset of its link to the next table.

    Entries of unknown type, or with a value outside the block, are skipped, as other EXIF readers do.

    Raises
    ------
    ValueError
        If the table is not inside the block.
    """
    order = byte_order(block)
    count = struct.unpack_from(order + "H", block, offset)[0] if 8 <= offset <= len(block) - 2 else 0
    link = offset + 2 + 12 * count
    if count == 0 or link + 4 > len(block):
        msg = f"the tag table at byte {offset} is not inside its block of {len(block)} bytes"
        raise ValueError(msg)
    found: dict[int, Entry] = {}
    for at in range(offset + 2, link, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, at)
        length = TYPE_BYTES.get(kind, 0) * number
        value_at = at + 8 if length <= 4 else struct.unpack_from(order + "I", block, at + 8)[0]
        if length > 0 and value_at + length <= len(block):
            value = bytes(block[value_at : value_at + length])
            found[tag] = Entry(tag, kind, number, value, at, value_at)
    return found, link


def number(block: bytes | bytearray, entry: Entry | None) -> int | None:
    """Return the first integer of an entry, or None if it has none."""
    form = {1: "B", SHORT: "H", LONG: "I", 13: "I"}.get(entry.kind) if entry else None
    if entry is None or form is None:
        return None
    return int(struct.unpack_from(byte_order(block) + form, entry.value)[0])


def rational(block: bytes | bytearray, entry: Entry | None) -> float | None:
    """Return the first unsigned fraction of an entry, or None if it has none."""
    if entry is None or entry.kind != RATIONAL:
        return None
    top, bottom = struct.unpack_from(byte_order(block) + "II", entry.value)
    return top / bottom if bottom else None


def subtable(block: bytes | bytearray, entry: Entry | None) -> dict[int, Entry]:
    """Return the entries of the table that an entry points to; an empty dict if it is missing or damaged."""
    offset = number(block, entry)
    if offset is None:
        return {}
    try:
        return read_table(block, offset)[0]
    except ValueError:
        return {}


def collect(block: bytes, entries: Mapping[int, Entry]) -> dict[int, Field]:
    """Return entries as fields that do not depend on their block; EXIF, GPS and interoperability tables are nested."""
    fields: dict[int, Field] = {}
    for tag, entry in entries.items():
        if tag not in POINTERS:
            fields[tag] = Field(entry.kind, entry.value)
        elif inner := subtable(block, entry):
            # The interoperability table is the innermost one; a pointer inside it would be a loop.
            plain = inner if tag == EXIF_IFD else {t: e for t, e in inner.items() if t not in POINTERS}
            fields[tag] = Field(LONG, collect(block, {t: e for t, e in plain.items() if t != EXIF_IFD}))
    return fields


def write_table(table: Table, order: str, start: int) -> bytes:
    """Return a table and its values as bytes, to be placed at offset `start` of their block."""
    heap_at = start + 2 + 12 * len(table) + 4
    entries, heap = b"", b""
    for tag, field in sorted(table.items()):
        at = heap_at + len(heap)
        if isinstance(field.value, bytes):
            value, count = field.value, len(field.value) // TYPE_BYTES[field.kind]
            inline = len(value) <= 4
            heap += b"" if inline else value + bytes(len(value) % 2)
        else:
            value, count, inline = struct.pack(order + "I", at), 1, True
            heap += write_table(field.value, order, at)
        cell = value.ljust(4, b"\0") if inline else struct.pack(order + "I", at)
        entries += struct.pack(order + "HHI", tag, field.kind, count) + cell
    return struct.pack(order + "H", len(table)) + entries + bytes(4) + heap


def header(order: str) -> bytes:
    """Return the eight bytes of a header whose first table follows directly."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)


def resolution_fields(dpi: tuple[float, float], order: str) -> dict[int, Field]:
    """Return the three tags that state dots per inch."""
    x, y = (Field(RATIONAL, struct.pack(order + "II", round(d * 1000), 1000)) for d in dpi)
    unit = Field(SHORT, struct.pack(order + "H", 2))
    return {X_RESOLUTION: x, Y_RESOLUTION: y, RESOLUTION_UNIT: unit}
