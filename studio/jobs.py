"""The bounded queue of work that everybody shares: one job computes, the others wait their turn."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, Generic, TypeVar

from pipeline.errors import Cancelled, QueueFull
from pipeline.run import Progress

T = TypeVar("T")


class State(Enum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Generic[T]):
    """One piece of work; read its fields from any thread."""

    def __init__(self, work: Callable[["Job[T]"], T], owner: object = None) -> None:
        self._work = work
        self._cancel = threading.Event()
        self._finished = threading.Event()
        self.owner = owner
        self.state = State.WAITING
        self.progress: Progress | None = None
        self.stage_started = 0.0
        """When the stage that runs began, on the monotonic clock."""

        self.result: T | None = None
        self.error: Exception | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self._finished.is_set()

    def cancel(self) -> None:
        """Ask the job to stop; a waiting one never starts."""
        self._cancel.set()

    def cancelled(self) -> bool:
        """Say whether somebody asked to stop; the work asks this at every tile."""
        return self._cancel.is_set()

    def report(self, progress: Progress) -> None:
        """Take the progress of the work."""
        if self.progress is None or self.progress.index != progress.index:
            self.stage_started = time.monotonic()
        self.progress = progress

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is finished; return whether it is."""
        return self._finished.wait(timeout)

    def execute(self) -> None:
        """Do the work and keep what came of it; no error leaves the thread, all of them are kept."""
        try:
            if self.cancelled():
                self.state = State.CANCELLED
                return
            self.state = State.RUNNING
            self.result = self._work(self)
            self.state = State.DONE
        except Cancelled:
            self.state = State.CANCELLED
        except Exception as error:  # noqa: BLE001 - a thread has no caller to raise to; the page shows it
            self.error = error
            self.state = State.FAILED
        finally:
            self._finished.set()


class JobQueue:
    """Runs one job at a time; a network already uses every core. Owners take turns, however much each has ordered.

    Parameters
    ----------
    max_waiting : int
        Owners that may wait beside the one whose job runs.
    """

    def __init__(self, max_waiting: int = 8) -> None:
        self._max_waiting = max_waiting
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio-job")
        self._waiting: list[Job[Any]] = []
        self._running: Job[Any] | None = None
        self._lock = threading.Lock()

    def submit(self, work: Callable[[Job[T]], T]) -> Job[T]:
        """Put one piece of work into the queue, on behalf of nobody else.

        Raises
        ------
        QueueFull
            If too many owners are waiting.
        """
        return self.submit_all([work], owner=object())[0]

    def submit_all(self, works: Sequence[Callable[[Job[T]], T]], owner: object) -> list[Job[T]]:
        """Put several pieces of work of one owner into the queue: all of them, or none.

        Parameters
        ----------
        works : sequence of callable
            In the order in which they are to run.
        owner : object
            Who ordered them, compared by identity.

        Raises
        ------
        QueueFull
            If too many owners are waiting.
        """
        jobs = [Job(work, owner) for work in works]
        with self._lock:
            owners = {id(job.owner) for job in self._unfinished()} - {id(owner)}
            if len(owners) > self._max_waiting:
                msg = f"{len(owners)} orders are waiting already. Please try again in a minute."
                raise QueueFull(msg)
            self._waiting += jobs
        for _ in jobs:
            self._executor.submit(self._run_next)
        return jobs

    def ahead(self, job: Job[T]) -> int:
        """Return how many jobs come before this one."""
        with self._lock:
            unfinished = self._unfinished()
        return next((i for i, other in enumerate(unfinished) if other is job), 0)

    def _run_next(self) -> None:
        """Run the job whose turn it is."""
        with self._lock:
            job = _in_turn(self._waiting, self._running)[0]
            self._waiting.remove(job)
            self._running = job
        job.execute()

    def _unfinished(self) -> list[Job[Any]]:
        """Return the running job and the waiting ones, in the order in which they will run."""
        running = [self._running] if self._running and not self._running.finished else []
        return [*running, *(job for job in _in_turn(self._waiting, self._running) if not job.cancelled())]


def _in_turn(waiting: Sequence[Job[Any]], served: Job[Any] | None) -> list[Job[Any]]:
    """Return waiting jobs in the order in which they will run: each owner's first, then each owner's second, ..."""
    turns = Counter([id(served.owner)] if served else [])
    ranked = []
    for arrival, job in enumerate(waiting):
        ranked.append((turns[id(job.owner)], arrival, job))
        turns[id(job.owner)] += 1
    return [job for *_, job in sorted(ranked, key=lambda entry: entry[:2])]
