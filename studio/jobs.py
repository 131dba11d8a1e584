"""Bounded queues of work: one job of a queue runs at a time, and owners are served round-robin."""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, Generic, TypeVar

from pipeline.errors import Cancelled, QueueFull, StudioError
from pipeline.run import Progress

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class State(Enum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Generic[T]):
    """One piece of work; its fields may be read from any thread.

    Parameters
    ----------
    work : callable
        Takes the job, to report progress and to ask whether it was cancelled; returns the result.
    owner : object
        Who submitted it, compared by identity.
    light : bool
        Whether it takes no turn of its owner: seconds of work that nobody asked for.
    """

    def __init__(self, work: Callable[["Job[T]"], T], owner: object = None, *, light: bool = False) -> None:
        self._work: Callable[[Job[T]], T] | None = work
        self._cancel = threading.Event()
        self._finished = threading.Event()
        self.id = secrets.token_urlsafe(9)
        """Names it in an address, and in the log where it fails."""

        self.owner = owner
        self.light = light
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
        """Return whether the job was asked to stop; the work checks this at every tile."""
        return self._cancel.is_set()

    def report(self, progress: Progress) -> None:
        """Record the progress of the work."""
        if self.progress is None or self.progress.index != progress.index:
            self.stage_started = time.monotonic()
        self.progress = progress

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is finished; return whether it is. Never call this in a request or a page."""
        return self._finished.wait(timeout)

    def execute(self) -> None:
        """Do the work; record its result or its error."""
        work, self._work = self._work, None  # it may hold pictures, and the job outlives it
        try:
            if self.cancelled() or work is None:
                self.state = State.CANCELLED
                return
            self.state = State.RUNNING
            self.result = work(self)
            self.state = State.DONE
        except Cancelled:
            self.state = State.CANCELLED
        except Exception as error:  # noqa: BLE001 - a thread has no caller to raise to; the page shows it
            if self.light or not isinstance(error, StudioError):  # a page shows the others
                _LOG.exception("Job %s failed.", self.id)
            self.error = error
            self.state = State.FAILED
        finally:
            self._finished.set()


class JobQueue:
    """Runs one job at a time, for a network already uses every core. Owners are served round-robin.

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
        self._served: object = None
        """Owner whose turn was the last."""

        self._lock = threading.Lock()

    def submit(self, work: Callable[[Job[T]], T], owner: object = None, *, light: bool = False) -> Job[T]:
        """Put one piece of work into the queue.

        Parameters
        ----------
        work : callable
        owner : object, optional
            Who submits it; nobody else by default.
        light : bool
            See `Job`; light jobs have a bound of their own.

        Raises
        ------
        QueueFull
            If too many owners are waiting.
        """
        return self._put([work], object() if owner is None else owner, light=light)[0]

    def submit_all(self, works: Sequence[Callable[[Job[T]], T]], owner: object) -> list[Job[T]]:
        """Put several pieces of work of one owner into the queue: all of them, or none.

        Parameters
        ----------
        works : sequence of callable
            In the order in which they are to run.
        owner : object
            Who submits them.

        Raises
        ------
        QueueFull
            If too many owners are waiting.
        """
        return self._put(works, owner, light=False)

    def ahead(self, job: Job[T]) -> int:
        """Return how many jobs come before this one."""
        with self._lock:
            unfinished = self._unfinished()
        return next((i for i, other in enumerate(unfinished) if other is job), 0)

    def close(self) -> None:
        """Cancel every job, and wait for the one that runs to stop."""
        with self._lock:
            for job in (*self._waiting, *([self._running] if self._running else [])):
                job.cancel()
        self._executor.shutdown()

    def _put(self, works: Sequence[Callable[[Job[T]], T]], owner: object, *, light: bool) -> list[Job[T]]:
        jobs = [Job(work, owner, light=light) for work in works]
        with self._lock:
            owners = {id(job.owner) for job in self._unfinished() if job.light == light} - {id(owner)}
            if len(owners) > self._max_waiting:
                msg = f"{len(owners)} orders are waiting already. Please try again in a minute."
                raise QueueFull(msg)
            self._waiting += jobs
        for _ in jobs:
            self._executor.submit(self._run_next)
        return jobs

    def _run_next(self) -> None:
        """Run the job whose turn it is."""
        with self._lock:
            job = _in_turn(self._waiting, self._served)[0]
            self._waiting.remove(job)
            self._running = job
            if not job.light and not job.cancelled():
                self._served = job.owner
        job.execute()

    def _unfinished(self) -> list[Job[Any]]:
        """Return the running job and the waiting ones, in the order in which they will run."""
        running = [self._running] if self._running and not self._running.finished else []
        return [*running, *(job for job in _in_turn(self._waiting, self._served) if not job.cancelled())]


def _in_turn(waiting: Sequence[Job[Any]], served: object) -> list[Job[Any]]:
    """Return waiting jobs in the order in which they will run: each owner's first, then each owner's second, ...

    Light ones, and those that were cancelled, take no turn.
    """
    turns = Counter([id(served)])
    ranked = []
    for arrival, job in enumerate(waiting):
        ranked.append((turns[id(job.owner)], arrival, job))
        turns[id(job.owner)] += not (job.light or job.cancelled())
    return [job for *_, job in sorted(ranked, key=lambda entry: entry[:2])]
