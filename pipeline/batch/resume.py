"""Restore a folder by its journal: go on where an earlier run stopped, and share the work with other processes."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.files import atomic
from models.runtime.engine import Engine
from pipeline.batch import keys
from pipeline.batch.buckets import at_hand
from pipeline.batch.faults import KILLED
from pipeline.batch.journal import Journal
from pipeline.batch.keys import Stamp
from pipeline.batch.outlook import Due, stamp_of
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings, Item, encode, item_of, read, through, write
from pipeline.batch.rows import Row
from pipeline.batch.sources import Pair
from pipeline.errors import PhotoUnreadable, PhotoUnwritable
from pipeline.run import Progress

POLL_S = 1.0
"""How often to look whether other processes finished what they took."""


def resume(
    journal: Journal,
    left: list[Due],
    settings: BatchSettings,
    engine: Engine,
    progress: Callable[[int, Progress], None],
    done: Callable[[Row], None] = lambda row: None,
) -> Iterator[Report]:
    """Restore what is left of a run, and yield a report of each photograph that this process settled.

    A result is written in this order: its SHA-256 into the journal, a temporary file, its name, its state into the
    journal. One that was written when a process was killed is recognised and not made again. What was in work then
    comes last, one photograph at a time, so that the one that kills its process costs no other anything.

    Parameters
    ----------
    journal : Journal
    left : list of Due
        From `enrol`.
    settings, engine, progress
        As for `pipeline.batch.restore.restore_all`.
    done : callable
        Called with what the journal says about each result that was made.

    Raises
    ------
    OptionError, DiskFull, JournalUnusable
        Which end the run; it can be resumed.
    """
    run = _Run(journal, left, settings, done, {"device": engine.device, "precision": engine.precision})
    batches = _batches(left, journal.suspects())
    while batches:
        for numbers in batches:
            for item in through(run.claimed(numbers), settings, engine, progress, run.load, run.save):
                if item.report.error:
                    run.fail(item)
                yield item.report
        yield from (earlier(journal, row) for row in run.given_up)
        batches, run.busy, run.given_up = [[number] for number in run.busy], [], []
        if batches:
            progress(batches[0][0], Progress("wait for another process", 0, 1, 0.0))
            time.sleep(POLL_S)
            journal.sweep()


def _batches(left: list[Due], suspects: set[bytes]) -> list[list[int]]:
    """Return the numbers of photographs, by those that may be in work together; each suspect is alone."""
    alone = [number for number, due in enumerate(left) if due.target in suspects]
    return [[number for number, due in enumerate(left) if due.target not in suspects], *([each] for each in alone)]


def earlier(journal: Journal, row: Row) -> Report:
    """Return the report of a photograph that failed in an earlier run."""
    row = journal.row(row.target) or row
    report = Report(os.fsdecode(row.source), os.fsdecode(row.target))
    report.error, report.kind, report.fault = row.report.get("error", ""), row.report.get("kind", ""), row.fault
    return report


class _Run:
    """The steps of a run that deal with its journal; `claimed` and `load` run in another thread than `save`."""

    def __init__(
        self,
        journal: Journal,
        left: list[Due],
        settings: BatchSettings,
        done: Callable[[Row], None],
        machine: dict[str, str],
    ) -> None:
        self._journal, self._left, self._settings, self._done = journal, left, settings, done
        self._machine = machine
        self._rows: dict[int, Row] = {}
        self.busy: list[int] = []
        """Photographs that another process works on."""

        self.given_up: list[Row] = []
        """Photographs that too many processes were killed at."""

    def claimed(self, numbers: list[int]) -> Iterator[Item]:
        """Yield an item for each photograph that this process gets."""
        for number in numbers:
            due = self._left[number]
            row = self._journal.claim(due.target)
            if row is not None:
                self._rows[number] = row
                yield item_of(due.pair, number)
                continue
            row = self._journal.row(due.target)
            if row and row.state == "running":
                self.busy.append(number)
            elif row and row.fault == KILLED:
                self.given_up.append(row)

    def load(self, item: Item) -> None:
        """Read a photograph, unless its result is there."""
        row, source, target = self._rows.pop(item.number), item.pair.source, item.pair.target
        if row.tries > 1:
            atomic.remove_leftovers(target)
        with _readable(source):
            stamp = Stamp.of(source)
        with at_hand(source) as file:
            self._identify(item, file, stamp, row)
            if target.exists():
                if self._is_made(row, item):
                    return
                if not self._settings.overwrite:
                    raise PhotoUnwritable(_in_the_way(row, item.pair))
            read(item, file, self._settings)
        if stamp_of(source) != stamp:
            msg = f"{source} changed while it was read. Run the same command again."
            raise PhotoUnreadable(msg)

    def _identify(self, item: Item, file: Path, stamp: Stamp, row: Row) -> None:
        """Set the key of an item by the SHA-256 of its photograph, which is read only where it changed."""
        due = self._left[item.number]
        with _readable(item.pair.source):
            sha256 = row.sha256 if row.stamp == stamp and row.sha256 else keys.digest_of(file)
        self._journal.hashed(due.target, stamp, sha256)
        item.key = keys.key_of(sha256, due.pair.page, due.settings)

    def save(self, item: Item) -> None:
        """Write a result, and note that it is done."""
        due = self._left[item.number]
        data = encode(item, self._settings)
        item.report.status = "done"
        report = item.report.as_dict() | self._machine
        self._journal.intend(due.target, item.key, hashlib.sha256(data).hexdigest(), report)
        write(item, data)
        self._journal.settle(due.target)
        row = self._journal.row(due.target)
        if row is not None:
            self._done(row)

    def fail(self, item: Item) -> None:
        """Note that a photograph failed."""
        report = item.report.as_dict() | self._machine
        self._journal.settle(self._left[item.number].target, item.report.fault, report)

    def _is_made(self, row: Row, item: Item) -> bool:
        """Return whether the file at a target is the result, and if so note that it is done."""
        with at_hand(item.pair.target) as file:
            if row.key != item.key or row.result != keys.digest_of(file):
                if not keys.states(file, item.key):
                    return False
                self._journal.intend(self._left[item.number].target, item.key, keys.digest_of(file), row.report)
        self._journal.settle(self._left[item.number].target)
        item.report.status = "kept"
        return True


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Context in which a source is examined or read."""
    try:
        yield
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Check the path and the permissions."
        raise PhotoUnreadable(msg) from error


def _in_the_way(row: Row, pair: Pair) -> str:
    if row.result:
        return f"{pair.target} was made of another version of {pair.source}. Add --overwrite to make it again."
    return f"{pair.target} exists; choose another output or add --overwrite."
