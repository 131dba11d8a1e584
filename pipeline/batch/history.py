"""Read the journals of a folder of results, also from a disk that nothing can be written to."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipeline.batch.journal import FOLDER, Journal, told
from pipeline.batch.rows import COLUMNS, Row, row_of
from pipeline.errors import JournalUnusable


def histories(root: Path) -> Iterator[list[Row]]:
    """Yield the rows of each journal in a folder of results: of the run, and of each shard.

    Raises
    ------
    JournalUnusable
        If there is none, or one cannot be read.
    """
    paths = sorted((root / FOLDER).glob("*.sqlite"))
    if not paths:
        msg = f"Expected a journal in {root / FOLDER}, got none. Name the folder that results were written to."
        raise JournalUnusable(msg)
    for path in paths:
        if os.access(path.parent, os.W_OK):
            with Journal(root, path.stem) as journal:
                yield journal.rows()
        else:
            yield _rows(path)


def _rows(path: Path) -> list[Row]:
    """Return the rows of a journal, without the files that SQLite makes beside it."""
    with told(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as db:
        found = db.execute(f"SELECT {COLUMNS} FROM photographs ORDER BY target").fetchall()  # noqa: S608
    return [row_of(values) for values in found]
