"""Read the journals of a folder of results, also from a disk that nothing can be written to."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.batch.journal import FOLDER, Journal, told
from pipeline.batch.rows import COLUMNS, Row, row_of
from pipeline.errors import JournalUnusable


class History:
    """What the journals in a folder of results say: that of the run, and those of shards. Rows are read one by one.

    Parameters
    ----------
    root : Path
        Folder of results.

    Raises
    ------
    JournalUnusable
        If there is no journal, or one cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self._paths = sorted((root / FOLDER).glob("*.sqlite"))
        if not self._paths:
            msg = f"Expected a journal in {root / FOLDER}, got none. Name the folder that results were written to."
            raise JournalUnusable(msg)
        for path in self._paths:
            if _is_writable(path):
                Journal(root, path.stem).close()  # it is checked, and what killed processes had begun is taken back

    def rows(self, *states: str) -> Iterator[Row]:
        """Yield what is known of photographs in these states, of all by default, by the names of their results."""
        wanted = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        statement = f"SELECT {COLUMNS} FROM photographs {wanted} ORDER BY target"  # noqa: S608 - question marks
        for path in self._paths:
            with _opened(path) as db:
                yield from map(row_of, db.execute(statement, states))

    def states(self) -> Counter[str]:
        """Return the number of photographs in each state."""
        return self._counted("SELECT state, count(*) FROM photographs GROUP BY state")

    def faults(self) -> Counter[str]:
        """Return the number of failures of each kind."""
        return self._counted("SELECT fault, count(*) FROM photographs WHERE state = 'failed' GROUP BY fault")

    def _counted(self, statement: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self._paths:
            with _opened(path) as db:
                found.update(dict(db.execute(statement)))
        return found


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Context with a journal; SQLite makes no files beside one that lies where nothing can be written."""
    address = path.absolute().as_uri() + ("" if _is_writable(path) else "?immutable=1")
    with told(path), closing(sqlite3.connect(address, uri=True)) as db:
        yield db


def _is_writable(path: Path) -> bool:
    return os.access(path.parent, os.W_OK)
