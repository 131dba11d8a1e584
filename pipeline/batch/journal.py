"""The journal of a folder of results: what was made of which photograph, in SQLite, so that a run can be resumed.

Several processes may share it. Each takes a photograph by a lease, which it renews while it lives; the lease of a
process that ended is void at once on the same machine, and after `LEASE_S` elsewhere.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from pipeline import disk
from pipeline.batch.faults import KILLED
from pipeline.batch.keys import PAGE, Stamp
from pipeline.batch.owners import Owner
from pipeline.batch.restore import FULL
from pipeline.batch.rows import COLUMNS, Adopted, Row, row_of
from pipeline.errors import DiskFull, JournalUnusable

FOLDER = ".studio"
"""Folder of the journal, in the folder of results."""

LEASE_S = 60.0
VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS photographs (
    target   BLOB PRIMARY KEY,          -- relative to the folder of results
    source   BLOB NOT NULL,
    page     INTEGER,
    settings TEXT NOT NULL,             -- digest of everything but the photograph
    size INTEGER, mtime_ns INTEGER, inode INTEGER, sha256 TEXT,  -- of the source
    state    TEXT NOT NULL DEFAULT 'new',  -- new, running, done, failed
    owner    TEXT NOT NULL DEFAULT '',
    lease    REAL NOT NULL DEFAULT 0,
    tries    INTEGER NOT NULL DEFAULT 0,  -- begun, and not given back
    key      TEXT NOT NULL DEFAULT '',
    result   TEXT NOT NULL DEFAULT '',  -- SHA-256 of the result
    fault    TEXT NOT NULL DEFAULT '',
    report   TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (digest TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
"""

_CLAIM = f"""
UPDATE photographs SET state = 'running', owner = ?, lease = ?, tries = tries + 1
WHERE target = ? AND state = 'new' RETURNING {COLUMNS}
"""  # noqa: S608 - names of columns

MOST_KILLS = 2
"""Processes that may be killed at work on a photograph; no further one begins it."""

_TAKE_BACK = f"""
UPDATE photographs SET state = CASE WHEN tries < {MOST_KILLS} THEN 'new' ELSE 'failed' END,
fault = CASE WHEN tries < {MOST_KILLS} THEN '' ELSE '{KILLED}' END,
report = CASE WHEN tries < {MOST_KILLS} THEN report ELSE ? END WHERE state = 'running' AND
"""  # noqa: S608 - numbers and names of our own
_ADOPT = f"""
INSERT INTO photographs (target, source, page, size, mtime_ns, inode, sha256, result, settings, state)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{PAGE}', 'done') ON CONFLICT (target) DO UPDATE SET source = excluded.source,
size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode WHERE settings = '{PAGE}'
"""  # noqa: S608 - a word of our own
_KILLED = {
    "kind": "ProcessKilled",
    "error": f"{MOST_KILLS} processes were killed while they restored this photograph, perhaps for lack of memory. "
    f"Lower --max-pixels or --scale, or try it again by --retry {KILLED}.",
}


_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}


class Journal:
    """An open journal, and this process's leases in it.

    Parameters
    ----------
    root : Path
        Folder of results.
    name : str
        Name of the journal's file, without ending; shards have their own.

    Raises
    ------
    JournalUnusable
        If it is damaged, of a newer version, or cannot be written.
    DiskFull
        If there is no room for it.
    """

    def __init__(self, root: Path, name: str = "run") -> None:
        folder = root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.sqlite"
        self._lock = threading.Lock()
        self._owner = Owner(folder)
        self._stop = threading.Event()
        try:
            with told(self.path), FileLock(folder / "opening.lock"):  # two that make the file disturb each other
                self._db = _opened(self.path)
            self.sweep()
        except BaseException:
            self._owner.close()
            raise
        threading.Thread(target=self._renew, name="studio-leases", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal."""
        self.close()

    def close(self) -> None:
        """Give unfinished photographs back, and close the file."""
        self._stop.set()
        with self._lock, closing(self._db), suppress(sqlite3.Error):  # the leases of a process that ended are void
            self._db.execute(
                "UPDATE photographs SET state = 'new', tries = tries - 1 WHERE state = 'running' AND owner = ?",
                (self._owner.name,),
            )
        self._owner.close()

    def rows(self, *, reports: bool = True) -> list[Row]:
        """Return what is known of every photograph, by the names of their results; reports take most of the memory."""
        columns = COLUMNS if reports else COLUMNS.replace("report", "'{}'")
        return [row_of(values) for values in self._do(f"SELECT {columns} FROM photographs ORDER BY target")]  # noqa: S608

    def row(self, target: bytes) -> Row | None:
        """Return what is known of one photograph."""
        found = self._do(f"SELECT {COLUMNS} FROM photographs WHERE target = ?", target)  # noqa: S608
        return row_of(found[0]) if found else None

    def documents(self) -> dict[str, Any]:
        """Return all settings that results were made with, by their digests."""
        return {digest: json.loads(text) for digest, text in self._do("SELECT digest, document FROM settings")}

    def suspects(self) -> set[bytes]:
        """Return the photographs that a process was killed at, or while it worked on others."""
        return {target for (target,) in self._do("SELECT target FROM photographs WHERE state = 'new' AND tries > 0")}

    def enrol(self, rows: Iterable[tuple[bytes, bytes, int | None, str]], documents: Mapping[str, Any]) -> None:
        """Note photographs that are to be restored, but those that are in work.

        Parameters
        ----------
        rows : iterable of (bytes, bytes, int or None, str)
            Target, source, page, and digest of the settings.
        documents : mapping of str to JSON value
            The settings themselves, by their digests.
        """
        with self._lock, told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            texts = ((digest, json.dumps(document)) for digest, document in documents.items())
            self._db.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", texts)
            self._db.executemany(
                "INSERT INTO photographs (target, source, page, settings) VALUES (?, ?, ?, ?) ON CONFLICT (target) "
                "DO UPDATE SET source = excluded.source, page = excluded.page, settings = excluded.settings, "
                "tries = CASE WHEN state = 'new' THEN tries ELSE 0 END, state = 'new', fault = '' "
                "WHERE state != 'running'",
                rows,
            )
            self._db.execute("COMMIT")

    def adopt(self, results: Iterable[Adopted]) -> None:
        """Note results that the page made, unless a run has made them anew."""
        rows = [
            (
                os.fsencode(each.target),
                os.fsencode(each.source),
                each.page,
                *astuple(each.stamp),
                each.sha256,
                each.result,
            )
            for each in results
        ]
        with self._lock, told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_ADOPT, rows)
            self._db.execute("COMMIT")

    def claim(self, target: bytes) -> Row | None:
        """Take a photograph; return None if another process has it, or finished it, or it is given up."""
        now = time.time()
        self._take_back("target = ? AND lease < ?", target, now)
        found = self._do(_CLAIM, self._owner.name, now + LEASE_S, target)
        return row_of(found[0]) if found else None

    def hashed(self, target: bytes, stamp: Stamp, sha256: str) -> None:
        """Note the SHA-256 of a source."""
        self._do(
            "UPDATE photographs SET size = ?, mtime_ns = ?, inode = ?, sha256 = ? WHERE target = ?",
            *(stamp.size, stamp.mtime_ns, stamp.inode, sha256, target),
        )

    def intend(self, target: bytes, key: str, result: str, report: Mapping[str, Any]) -> None:
        """Note the key and the SHA-256 of a result that is about to be written."""
        self._do(
            "UPDATE photographs SET key = ?, result = ?, report = ? WHERE target = ?",
            *(key, result, json.dumps(report), target),
        )

    def settle(self, target: bytes, fault: str = "", report: Mapping[str, Any] | None = None) -> None:
        """Note that a photograph is done, or how it failed; not if another process took it meanwhile."""
        self._do(
            "UPDATE photographs SET state = ?, fault = ?, report = coalesce(?, report) "
            "WHERE target = ? AND state = 'running' AND owner = ?",
            *("failed" if fault else "done", fault, None if report is None else json.dumps(report)),
            *(target, self._owner.name),
        )

    def killed(self, target: bytes) -> None:
        """Take back a photograph that this process had taken, and whose actor was killed."""
        self._take_back("target = ? AND owner = ?", target, self._owner.name)

    def sweep(self) -> None:
        """Take back what processes of this machine had taken that were killed."""
        for (name,) in self._do("SELECT DISTINCT owner FROM photographs WHERE state = 'running'"):
            if self._owner.ended(name):
                self._take_back("owner = ?", name)
        self._owner.clear()

    def _take_back(self, condition: str, *values: object) -> None:
        """Make photographs of killed processes new, or give them up where they were begun too often."""
        self._do(_TAKE_BACK + condition, json.dumps(_KILLED), *values)

    def _renew(self) -> None:
        """Renew the leases of this process until the journal is closed."""
        while not self._stop.wait(LEASE_S / 4):
            with self._lock, suppress(sqlite3.Error):  # a full disk stops the run where a result is written
                self._db.execute(
                    "UPDATE photographs SET lease = ? WHERE state = 'running' AND owner = ?",
                    (time.time() + LEASE_S, self._owner.name),
                )

    def _do(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, told(self.path):
            return self._db.execute(statement, values).fetchall()


def _opened(path: Path) -> sqlite3.Connection:
    """Return the database, with its table, after a check of the file."""
    db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        version = _version(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if version < VERSION:
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    """Return the version of a journal, 0 for a new file, after a check of the file."""
    if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError(path)
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        msg = f"{path} was written by a newer version of the studio. Update the studio, or choose another output."
        raise JournalUnusable(msg)
    return version


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Context that raises an error of ours for those of SQLite.

    Raises
    ------
    JournalUnusable
    DiskFull
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or (code in _UNWRITABLE and not disk.has_room(path.parent)):
            raise DiskFull(FULL) from error
        if code in _UNWRITABLE:
            msg = f"{path} cannot be written: {error}. Check the permissions and the disk, or choose another output."
        elif code == sqlite3.SQLITE_BUSY:
            msg = f"{path} is in use by another program for more than a minute. Close it and run the command again."
        else:
            msg = (
                f"{path} is damaged. Move the folder {path.parent} away and run the same command again: finished "
                "results are recognised by their metadata and are not made again."
            )
        raise JournalUnusable(msg) from error
