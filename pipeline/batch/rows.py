"""What a journal says about each photograph."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.batch.keys import Stamp

COLUMNS = "target, source, page, settings, size, mtime_ns, inode, sha256, state, tries, key, result, fault, report"
"""Columns of the table of photographs, in the order of `row_of`."""


@dataclass(frozen=True)
class Row:
    """What the journal says about one photograph."""

    target: bytes
    """Path of the result, relative to the folder of results."""

    source: bytes
    page: int | None
    settings: str
    """Digest of everything but the photograph that the result depends on."""

    stamp: Stamp | None
    """Of the source when it was hashed."""

    sha256: str
    """Of the source; empty before it was hashed."""

    state: str
    tries: int
    """How often it was begun and not given back: once by each process that was killed."""

    key: str
    result: str
    """SHA-256 of the result, stated before it is written; empty earlier."""

    fault: str
    report: dict[str, Any]


@dataclass(frozen=True)
class Adopted:
    """A result that the page made, and its photograph."""

    target: str
    """Relative to the folder of results."""

    source: Path
    page: int | None
    stamp: Stamp
    sha256: str
    result: str
    """SHA-256 of the result."""


def row_of(values: tuple[Any, ...]) -> Row:
    """Return a row of the table of photographs."""
    target, source, page, settings, size, mtime_ns, inode, sha256, state, tries, key, result, fault, report = values
    stamp = None if size is None else Stamp(size, mtime_ns, inode)
    parsed: dict[str, Any] = json.loads(report)
    return Row(target, source, page, settings, stamp, sha256 or "", state, tries, key, result, fault, parsed)
