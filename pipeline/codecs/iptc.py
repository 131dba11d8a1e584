"""Edit an IPTC record (IIM 4.2): data sets of a mark, a record, a number, a length and a value."""

import struct
from collections.abc import Iterator

MARK, APPLICATION, EXTENDED = 0x1C, 2, 0x8000
PLACES = {26, 27, 90, 92, 95, 100, 101}
"""Location code and name, city, sublocation, state, country code and name."""


def without_places(record: bytes) -> bytes | None:
    """Return the record without the data sets that name a place; None if nothing is left.

    Raises
    ------
    ValueError
        If the record is damaged.
    """
    kept = [
        record[start:end] for start, end, key in _data_sets(record) if not (key[0] == APPLICATION and key[1] in PLACES)
    ]
    return b"".join(kept) or None


def _data_sets(record: bytes) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield the first and last byte of each data set, and its record and number."""
    at = 0
    while at + 5 <= len(record) and record[at] == MARK:
        key, length, head = (record[at + 1], record[at + 2]), struct.unpack_from(">H", record, at + 3)[0], 5
        if length & EXTENDED:
            size = length & ~EXTENDED
            length, head = int.from_bytes(record[at + 5 : at + 5 + size]), 5 + size
        end = at + head + length
        if end > len(record):
            break
        yield at, end, key
        at = end
    if record[at:].strip(b"\0"):
        msg = f"the IPTC record is damaged at byte {at}"
        raise ValueError(msg)
