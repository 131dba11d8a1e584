"""Restore a folder on the machines of a Ray cluster: actors hold the networks, one process keeps the journal.

Rows of a Ray dataset carry paths, never pixels. Every machine sees photographs and results under the same paths. What
an actor would write into the journal comes back with its report, since SQLite must not be written over a network drive.
"""

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from models.files import atomic
from pipeline.batch import actors
from pipeline.batch.actors import Began, Cluster, Event, Halted
from pipeline.batch.faults import KILLED
from pipeline.batch.journal import Journal
from pipeline.batch.outlook import Due
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings
from pipeline.batch.resume import POLL_S, earlier
from pipeline.batch.rows import Row
from pipeline.errors import OptionError
from pipeline.run import Progress


def spread(
    journal: Journal,
    left: list[Due],
    settings: BatchSettings,
    cluster: Cluster,
    progress: Callable[[int, Progress], None],
    done: Callable[[Row], None] = lambda row: None,
) -> Iterator[Report]:
    """Restore what is left of a run on a cluster, and yield a report of each photograph.

    A photograph whose actor is killed is tried once more, and harms no other. A result that was written when this
    process was killed is recognised by its metadata.

    Parameters
    ----------
    journal, left, settings, progress, done
        As for `pipeline.batch.resume.resume`; progress is told of photographs that are finished.
    cluster : Cluster

    Raises
    ------
    PackageMissing
        If Ray is not installed.
    OptionError
        If there is no cluster, or an option is wrong for every photograph.
    DiskFull, JournalUnusable
        Which end the run; it can be resumed.
    """
    run = _Spread(journal, left, done)
    try:
        with actors.connected(cluster):
            while ready := run.ready():
                for event in actors.events([run.packed(number) for number in ready], settings, cluster):
                    if (report := run.note(event)) is not None:
                        run.ended += 1
                        progress(run.ended - 1, Progress("encode", 1, 1, 1.0))
                        yield report
                yield from run.killed()
    finally:  # the actors have ended, and may have left temporary files
        for number in run.begun:
            atomic.remove_leftovers(left[number].pair.target)


class _Spread:
    """The steps of a run that deal with its journal, in rounds; a killed actor loses what it was given in a round."""

    def __init__(self, journal: Journal, left: list[Due], done: Callable[[Row], None]) -> None:
        self._journal, self._left, self._done = journal, left, done
        self._rows: dict[bytes, Row] = {}
        self.begun: set[int] = set()
        """Photographs that an actor has begun and not ended."""

        self.ended = 0
        self._is_alive = True

    def ready(self) -> list[int]:
        """Return the photographs of the next round, once there are any; none where all are settled.

        What was in work when a process was killed comes last, each in a round of its own, so that the one that kills
        its actor costs no other anything.
        """
        if not self._is_alive:
            msg = "Expected actors that restore photographs, but none began. See Ray's logs, or choose --actors."
            raise OptionError(msg)
        while True:
            self._rows = {row.target: row for row in self._journal.rows(reports=False)}
            states = [self._rows[due.target].state for due in self._left]
            ready = [number for number, state in enumerate(states) if state == "new"]
            if ready or "running" not in states:
                self._is_alive = False
                fresh = [number for number in ready if not self._rows[self._left[number].target].tries]
                return fresh or ready[:1]
            time.sleep(POLL_S)  # another process works on them
            self._journal.sweep()

    def packed(self, number: int) -> bytes:
        """Return what an actor needs to know of a photograph."""
        due = self._left[number]
        row = self._rows[due.target]
        known = (self._journal.row(due.target) or row) if row.result else row  # with the report of a result
        return pickle.dumps((number, due, replace(known, tries=row.tries + 1)))

    def note(self, event: Event) -> Report | None:
        """Write an event into the journal; return the report of a photograph that ended, if this run had taken it."""
        self._is_alive = True
        if isinstance(event, Halted):
            raise event.error
        target = self._left[event.number].target
        if isinstance(event, Began):
            if self._journal.claim(target) is not None:
                self.begun.add(event.number)
            return None
        if event.number not in self.begun:
            return None
        for name, arguments in event.notes:
            getattr(self._journal, name)(*arguments)
        self.begun.remove(event.number)
        row = self._journal.row(target)
        if row is not None and event.report.status == "done":
            self._done(row)
        return event.report

    def killed(self) -> Iterator[Report]:
        """Take back what killed actors had begun, and yield the reports of what is given up."""
        for number in sorted(self.begun):
            due = self._left[number]
            target = due.target
            atomic.remove_leftovers(due.pair.target)
            self._journal.killed(target)
            row = self._journal.row(target)
            if row is not None and row.fault == KILLED:
                yield earlier(self._journal, row)
        self.begun.clear()
