"""Compare results with what their journal says about them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.batch.keys import digest_of
from pipeline.batch.rows import Row
from pipeline.errors import PhotoUnreadable

Found = Literal["same", "changed", "missing", "unreadable"]


@dataclass(frozen=True)
class Checked:
    """What became of one result since it was made."""

    target: Path
    found: Found


def verify(rows: Iterable[Row], root: Path) -> Iterator[Checked]:
    """Yield what became of each result that was made, by the SHA-256 of its file.

    Parameters
    ----------
    rows : iterable of Row
    root : Path
        Folder of results.
    """
    for row in rows:
        if row.state == "done":
            target = root / os.fsdecode(row.target)
            yield Checked(target, _compared(target, row.result))


def _compared(target: Path, result: str) -> Found:
    try:
        return "same" if digest_of(target) == result else "changed"
    except FileNotFoundError:
        return "missing"
    except (OSError, PhotoUnreadable):  # of a file, or of an object in a bucket
        return "unreadable"
