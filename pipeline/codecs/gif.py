"""Read what a GIF file states outside its pixels (GIF89a)."""

from dataclasses import dataclass, field

EXTENSION, IMAGE, TRAILER, COMMENT, APPLICATION = 0x21, 0x2C, 0x3B, 0xFE, 0xFF
XMP_MARK = b"\x0bXMP DataXMP"
RAMP = 257
"""Bytes behind an XMP packet: 1, then 255 down to 0, so that readers of blocks land on the terminator."""


@dataclass
class Blocks:
    """What the extensions state."""

    xmp: bytes | None = None
    comments: list[str] = field(default_factory=list)


def read_blocks(data: bytes) -> Blocks:
    """Return what the extensions of a GIF file state, in one pass; a damaged block ends it."""
    found, at = Blocks(), 13 + _table_bytes(data, 10)
    while at + 1 < len(data) and data[at] != TRAILER:
        if data[at] == EXTENSION:
            start, kind = at + 2, data[at + 1]
            at, content = _sub_blocks(data, start)
            if kind == COMMENT:
                found.comments.append(_text(content))
            elif kind == APPLICATION and data.startswith(XMP_MARK, start):
                found.xmp = found.xmp or data[start + len(XMP_MARK) : at - 1 - RAMP] or None
        elif data[at] == IMAGE:
            at, _ = _sub_blocks(data, at + 11 + _table_bytes(data, at + 9))
        else:
            break
    return found


def _table_bytes(data: bytes, at: int) -> int:
    """Return the bytes of a table of colours, by its flags."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> tuple[int, list[bytes]]:
    """Return where a chain of blocks ends, and the blocks."""
    content = []
    while at < len(data) and (length := data[at]):
        content.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return at + 1, content


def _text(blocks: list[bytes]) -> str:
    raw = b"".join(blocks)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
