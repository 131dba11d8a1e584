"""Edit an EXIF block in place, so that offsets inside maker notes stay valid.

By EXIF 3.0 (CIPA DC-008), a block is a TIFF header, a first table with pointers to the EXIF and GPS tables, and a
second table that describes a thumbnail.
"""

import struct
from dataclasses import dataclass

from pipeline.codecs import tags

PREFIX = b"Exif\0\0"
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x201, 0x202
COLOUR_SPACE, INTEROP_INDEX = 0xA001, 1
_PER_CENTIMETRE = 3
"""Of the tag that tells the unit of a resolution."""

SIZE_TAGS = ((0x100, 0x101), (0xA002, 0xA003))


@dataclass(frozen=True)
class Exif:
    """An EXIF block, and what it states about the pixels."""

    block: bytes | None
    """The block for upright sRGB pixels: Orientation 1, no thumbnail, resolutions swapped for orientations 5 to 8.

    None if overlapping values make it impossible to edit.
    """

    orientation: int
    """1 to 8, as in the file."""

    dpi: tuple[float, float] | None
    """Dots per inch of the stored pixels, before rotation."""

    adobe_rgb: bool
    """Whether the colours are Adobe RGB by the DCF standard, which cameras use instead of a profile."""


def parse(block: bytes) -> Exif:
    """Return a block edited for upright pixels, and what it states about them.

    Raises
    ------
    ValueError
        If the block cannot be parsed.
    """
    block = block.removeprefix(PREFIX)
    if block[2:4] not in (b"*\0", b"\0*"):
        msg = "the tag block does not start with a header of TIFF 6.0"
        raise ValueError(msg)
    first, link = tags.read_table(block, tags.first_table(block))
    details = tags.subtable(block, first.get(tags.EXIF_IFD))
    interop = tags.subtable(block, details.get(tags.INTEROP_IFD)).get(INTEROP_INDEX)
    turn = tags.number(block, first.get(tags.ORIENTATION)) or 1
    turn = turn if 1 <= turn <= 8 else 1
    adobe_rgb = interop is not None and interop.value[:3] == b"R03"
    upright = bytearray(block)
    _put_number(upright, first.get(tags.ORIENTATION), 1)
    _put_number(upright, details.get(COLOUR_SPACE), 1)
    if turn >= 5:
        _swap_values(upright, first.get(tags.X_RESOLUTION), first.get(tags.Y_RESOLUTION))
    _drop_thumbnail(upright, link)
    return Exif(_editable(upright), turn, resolution(block), adobe_rgb)


def _editable(block: bytearray) -> bytes | None:
    """Return the block, or None if it could not be edited when it is written, after the restoration."""
    try:
        checked = _sound(block)
        without_gps(with_resolution(with_size(checked, (1, 1)), (1, 1)))
    except ValueError:
        return None
    return checked


def resolution(block: bytes) -> tuple[float, float] | None:
    """Return the dots per inch that the first table states, or None."""
    first, _ = tags.read_table(block, tags.first_table(block))
    unit = tags.number(block, first.get(tags.RESOLUTION_UNIT)) or 2
    x = tags.rational(block, first.get(tags.X_RESOLUTION))
    y = tags.rational(block, first.get(tags.Y_RESOLUTION))
    inch = {2: 1.0, 3: 2.54}.get(unit)
    return (x * inch, y * inch) if x and y and inch else None


def with_size(block: bytes, size: tuple[int, int]) -> bytes:
    """Return the block with its width and height tags, if any, set to `size`."""
    changed = bytearray(block)
    first, _ = tags.read_table(block, tags.first_table(block))
    details = tags.subtable(block, first.get(tags.EXIF_IFD))
    for table in (first, details):
        for names in SIZE_TAGS:
            for tag, value in zip(names, size, strict=True):
                _put_number(changed, table.get(tag), value)
    return _sound(changed)


def with_resolution(block: bytes, dpi: tuple[float, float]) -> bytes:
    """Return the block with its resolution tags, if any, set to dots per inch."""
    changed = bytearray(block)
    first, _ = tags.read_table(block, tags.first_table(block))
    unit = 2.54 if tags.number(block, first.get(tags.RESOLUTION_UNIT)) == _PER_CENTIMETRE else 1.0
    for tag, dots in zip((tags.X_RESOLUTION, tags.Y_RESOLUTION), dpi, strict=True):
        entry = first.get(tag)
        if tags.rational(block, entry) and entry is not None:
            struct.pack_into(tags.byte_order(block) + "II", changed, entry.value_at, round(dots / unit * 1000), 1000)
    return _sound(changed)


def without_gps(block: bytes) -> bytes | None:
    """Return the block without the GPS table and the pointer to it; None if nothing is left."""
    changed = bytearray(block)
    start = tags.first_table(block)
    first, link = tags.read_table(block, start)
    pointer = first.get(tags.GPS_IFD)
    if pointer is None:
        return block
    for entry in tags.subtable(block, pointer).values():
        changed[entry.value_at : entry.value_at + len(entry.value)] = bytes(len(entry.value))
        changed[entry.at : entry.at + 12] = bytes(12)
    order = tags.byte_order(block)
    count = struct.unpack_from(order + "H", block, start)[0]
    if count == 1:
        return None
    changed[pointer.at : link + 4] = block[pointer.at + 12 : link + 4] + bytes(12)
    struct.pack_into(order + "H", changed, start, count - 1)
    return _sound(changed)


def _sound(block: bytearray) -> bytes:
    """Return an edited block, or raise ValueError if the edit damaged its first table, as overlapping values let it."""
    tags.read_table(block, tags.first_table(block))
    return bytes(block)


def from_resolution(dpi: tuple[float, float]) -> bytes:
    """Return a block with dots per inch only, for formats that have no other field for them."""
    return tags.header("<") + tags.write_table(tags.resolution_fields(dpi, "<"), "<", 8)


def _put_number(block: bytearray, entry: tags.Entry | None, value: int) -> None:
    """Overwrite an entry with one integer, as SHORT if it was one and the value fits, else as LONG."""
    if entry is None:
        return
    order = tags.byte_order(block)
    if entry.kind == tags.SHORT and value < 1 << 16:
        packed = struct.pack(order + "HIHH", tags.SHORT, 1, value, 0)
    else:
        packed = struct.pack(order + "HII", tags.LONG, 1, value)
    block[entry.at + 2 : entry.at + 12] = packed


def _swap_values(block: bytearray, a: tags.Entry | None, b: tags.Entry | None) -> None:
    """Swap the values of two entries of the same type."""
    if a and b and a.kind == b.kind and len(a.value) == len(b.value):
        block[a.value_at : a.value_at + len(a.value)] = b.value
        block[b.value_at : b.value_at + len(b.value)] = a.value


def _drop_thumbnail(block: bytearray, link: int) -> None:
    """Blank the thumbnail, which shows the unrestored photograph, and remove the link to its table."""
    second = struct.unpack_from(tags.byte_order(block) + "I", block, link)[0]
    block[link : link + 4] = bytes(4)
    try:
        entries, _ = tags.read_table(block, second)
    except ValueError:
        return
    start = tags.number(block, entries.get(THUMBNAIL_OFFSET))
    length = tags.number(block, entries.get(THUMBNAIL_LENGTH))
    if start and length and start + length <= len(block):
        block[start : start + length] = bytes(length)
        if start + length == len(block):
            del block[start:]
