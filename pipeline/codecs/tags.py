"""Read and write the tag tables (IFDs) of TIFF 6.0, which EXIF uses too; read those of BigTIFF.

A table is a count, entries of twelve bytes, and a link to the next table. An entry holds its value if that fits into
four bytes, otherwise the offset of the value from the start of the block. BigTIFF has 20 bytes an entry, and eight for
an offset.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8, IFD8, UTF_8 = 1, 2, 3, 4, 5, 7, 16, 18, 129
TYPE_BYTES = {
    BYTE: 1,
    ASCII: 1,
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
    UTF_8: 1,
}
BIG_TYPE_BYTES = TYPE_BYTES | {LONG8: 8, 17: 8, IFD8: 8}
INTEGERS = {BYTE: "B", SHORT: "H", LONG: "I", 13: "I", LONG8: "Q", IFD8: "Q"}
MOST_ENTRIES = 65_535
SPARE_BYTES = 1 << 16
"""How many bytes more than the block the values of one table may have; some writers store equal values once."""

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x112, 0x11A, 0x11B, 0x128
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)

NAMES = (0x10D, 0x10E, 0x10F, 0x110, 0x11D, 0x131, 0x132, 0x13B, 0x13C, 0x8298)
RATINGS_AND_WINDOWS = (0x4746, 0x4749, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F)
GEOMETRY = (ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
RIGHT_KINDS = (
    dict.fromkeys(NAMES, (ASCII, UTF_8))
    | dict.fromkeys(RATINGS_AND_WINDOWS, (BYTE, SHORT))
    | {ORIENTATION: (SHORT,), RESOLUTION_UNIT: (SHORT,), X_RESOLUTION: (RATIONAL,), Y_RESOLUTION: (RATIONAL,)}
    | {EXIF_IFD: (LONG, 13, LONG8, IFD8), GPS_IFD: (LONG, 13, LONG8, IFD8)}
)
"""Tags of a first table that describe the photograph, not how its pixels are stored, with their types.

Readers refuse a whole TIFF file because of another type.
"""


@dataclass(frozen=True)
class Layout:
    """How a kind of TIFF stores its tables: forms for `struct`, and sizes in bytes."""

    count: str
    entry: str
    offset: str
    entry_bytes: int
    header: int
    """Where the header holds the offset of the first table."""

    types: Mapping[int, int]


CLASSIC = Layout("H", "HHI", "I", 12, 4, TYPE_BYTES)
BIG = Layout("Q", "HHQ", "Q", 20, 8, BIG_TYPE_BYTES)
HEADERS = {b"II*\0": ("<", CLASSIC), b"MM\0*": (">", CLASSIC), b"II+\0": ("<", BIG), b"MM\0+": (">", BIG)}


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
        If the block does not start with a header of TIFF.
    """
    return _header(block)[0]


def _header(block: bytes | bytearray) -> tuple[str, Layout]:
    found = HEADERS.get(bytes(block[:4]))
    if found is None or len(block) < 2 * found[1].header:
        msg = "the tag block does not start with a header of TIFF"
        raise ValueError(msg)
    return found


def first_table(block: bytes | bytearray) -> int:
    """Return the offset of the first table."""
    order, layout = _header(block)
    return int(struct.unpack_from(order + layout.offset, block, layout.header)[0])


def next_table(block: bytes | bytearray, link: int) -> int:
    """Return the offset that a link holds; 0 after the last table."""
    order, layout = _header(block)
    return int(struct.unpack_from(order + layout.offset, block, link)[0])


def read_table(block: bytes | bytearray, offset: int) -> tuple[dict[int, Entry], int]:
    """Return the entries of the table at `offset`, and the offset of its link to the next table.

    Entries of unknown type, or with a value outside the block, are skipped, as other EXIF readers do.

    Raises
    ------
    ValueError
        If the table is not inside the block, or its values overlap so often that together they exceed it.
    """
    order, layout = _header(block)
    step, width = struct.calcsize(layout.count), struct.calcsize(layout.offset)
    count = struct.unpack_from(order + layout.count, block, offset)[0] if 8 <= offset <= len(block) - step else 0
    link = offset + step + layout.entry_bytes * count
    if not 0 < count <= MOST_ENTRIES or link + width > len(block):
        msg = f"the tag table at byte {offset} is not inside its block of {len(block)} bytes"
        raise ValueError(msg)
    found: dict[int, Entry] = {}
    total = 0
    for at in range(offset + step, link, layout.entry_bytes):
        tag, kind, number = struct.unpack_from(order + layout.entry, block, at)
        length = layout.types.get(kind, 0) * number
        inside = at + 4 + width
        value_at = inside if length <= width else struct.unpack_from(order + layout.offset, block, inside)[0]
        if length > 0 and value_at + length <= len(block):
            total += length
            if total > len(block) + SPARE_BYTES:
                msg = f"the values of the tag table at byte {offset} overlap"
                raise ValueError(msg)
            value = bytes(block[value_at : value_at + length])
            found.setdefault(tag, Entry(tag, kind, number, value, at, value_at))  # other readers take the first too
    return found, link


def number(block: bytes | bytearray, entry: Entry | None) -> int | None:
    """Return the first integer of an entry, or None if it has none."""
    form = INTEGERS.get(entry.kind) if entry else None
    if entry is None or form is None:
        return None
    return int(struct.unpack_from(byte_order(block) + form, entry.value)[0])


def numbers(block: bytes | bytearray, entry: Entry | None) -> tuple[int, ...]:
    """Return the integers of an entry; none if it has another type."""
    form = INTEGERS.get(entry.kind) if entry else None
    return struct.unpack_from(f"{byte_order(block)}{entry.count}{form}", entry.value) if entry and form else ()


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


def descriptive(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """Return the entries that describe the photograph and have the type that TIFF gives them."""
    return {
        tag: entry
        for tag, entry in entries.items()
        if entry.kind in RIGHT_KINDS.get(tag, ()) and (entry.count == 1 or tag not in GEOMETRY)
    }


def collect(block: bytes, entries: Mapping[int, Entry]) -> dict[int, Field]:
    """Return entries as fields that do not depend on their block; EXIF, GPS and interoperability tables are nested."""
    fields: dict[int, Field] = {}
    for tag, entry in entries.items():
        if tag not in POINTERS:
            fields[tag] = plain_field(entry)
        elif inner := subtable(block, entry):
            # The interoperability table is the innermost one; a pointer inside it would be a loop.
            plain = inner if tag == EXIF_IFD else {t: e for t, e in inner.items() if t not in POINTERS}
            fields[tag] = Field(LONG, collect(block, {t: e for t, e in plain.items() if t != EXIF_IFD}))
    return {tag: field for tag, field in fields.items() if field.kind in TYPE_BYTES}


def plain_field(entry: Entry) -> Field:
    """Return an entry as a field; the UTF-8 of EXIF 3.0 as ASCII, because readers of TIFF know no UTF-8."""
    return Field(ASCII if entry.kind == UTF_8 else entry.kind, entry.value)


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
