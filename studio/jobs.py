"""Bounded queues of work: few jobs of a queue run at a time, and owners are served round-robin."""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import Enum
from typing import Any, Generic, TypeVar

from pipeline.errors import Cancelled, QueueFull, ServerStopped, StudioError, TooManyJobs
from pipeline.run import Progress
from studio.turns import in_turn

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
    owner : hashable
        Who submitted it.
    light : bool
        Whether it takes no turn of its owner: seconds of work that nobody asked for.
    nbytes : int
        Memory that the work needs, where the queue bounds it.
    """

    def __init__(
        self, work: Callable[["Job[T]"], T], owner: Hashable = None, *, light: bool = False, nbytes: int = 0
    ) -> None:
        self._work: Callable[[Job[T]], T] | None = work
        self._cancel = threading.Event()
        self._finished: Future[None] = Future()
        self.id = secrets.token_urlsafe(9)
        """Names it in an address, and in the log where it fails."""

        self.owner = owner
        self.light = light
        self.nbytes = nbytes
        self.state = State.WAITING
        self.progress: Progress | None = None
        self.stage_started = 0.0
        """When the stage that runs began, on the monotonic clock."""

        self.result: T | None = None
        self.error: Exception | None = None
        """Why it failed, or why the server cancelled it."""

        self._reason: Exception | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self._finished.done()

    def cancel(self, reason: Exception | None = None) -> None:
        """Ask the job to stop; a waiting one never starts, and lets go of what it holds."""
        self._reason = self._reason if self.cancelled() else reason
        self._cancel.set()
        if self.state is State.WAITING:
            self._work = None

    def cancelled(self) -> bool:
        """Return whether the job was asked to stop; the work checks this at every tile."""
        return self._cancel.is_set()

    def report(self, progress: Progress) -> None:
        """Record the progress of the work."""
        if self.progress is None or self.progress.index != progress.index:
            self.stage_started = time.monotonic()
        self.progress = progress

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is finished; return whether it is. Never call this in a request."""
        return self.finished or bool(wait([self._finished], timeout).done)

    def when_finished(self, call: Callable[[], None]) -> None:
        """Call something once the job is finished, in another thread; at once where it is finished already."""
        self._finished.add_done_callback(lambda _: call())

    def execute(self) -> None:
        """Do the work; record its result or its error."""
        work, self._work = self._work, None  # it may hold pictures, and the job outlives it
        try:
            if self.cancelled() or work is None:
                self.error, self.state = self._reason, State.CANCELLED
                return
            self.state = State.RUNNING
            self.result = work(self)
            self.state = State.DONE
        except Cancelled:
            self.error, self.state = self._reason, State.CANCELLED
        except Exception as error:  # noqa: BLE001 - a thread has no caller to raise to; the page shows it
            if self.light or not isinstance(error, StudioError):  # a page shows the others
                _LOG.exception("Job %s failed.", self.id)
            self.error = error
            self.state = State.FAILED
        finally:
            self._finished.set_result(None)


def is_useful(job: Job[Any]) -> bool:
    """Return whether a job has a result, or may still have one."""
    return job.state is State.DONE or not (job.finished or job.cancelled())


class JobQueue:
    """Runs few jobs at a time. Owners are served round-robin.

    Parameters
    ----------
    max_waiting : int
        Owners that may wait beside those whose jobs run.
    max_each : int
        Unfinished jobs of one owner.
    at_once : int
        Jobs that run at a time; one by default, for a network already uses every core.
    at_once_each : int
        Jobs of one owner that run at a time.
    max_bytes : int
        Of the memory that jobs which run at a time need; one that needs more runs alone.
    """

    def __init__(
        self,
        max_waiting: int = 30,
        max_each: int = 200,
        *,
        at_once: int = 1,
        at_once_each: int = 1,
        max_bytes: int = 2**62,
    ) -> None:
        self._max_waiting = max_waiting
        self._max_each = max_each
        self._at_once = at_once
        self._at_once_each = at_once_each
        self._max_bytes = max_bytes
        self._executor = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="studio-job")
        self._waiting: list[Job[Any]] = []
        self._running: list[Job[Any]] = []
        self._served: Hashable = None
        """Owner whose turn was the last."""

        self.is_closed = False
        """Whether it takes no more work."""

        self._lock = threading.Lock()

    def submit(
        self, work: Callable[[Job[T]], T], owner: Hashable = None, *, light: bool = False, nbytes: int = 0
    ) -> Job[T]:
        """Put one piece of work into the queue.

        Parameters
        ----------
        work : callable
        owner : hashable, optional
            Who submits it; nobody else by default.
        light, nbytes : bool, int
            See `Job`; light jobs have a bound of their own.

        Raises
        ------
        QueueFull
            If too many owners wait; `TooManyJobs` if too many jobs of this one do; `ServerStopped` after `stop`.
        """
        job = Job(work, object() if owner is None else owner, light=light, nbytes=nbytes)
        self._put([job])
        return job

    def submit_all(self, works: Sequence[Callable[[Job[T]], T]], owner: Hashable) -> list[Job[T]]:
        """Put several pieces of work of one owner into the queue: all of them, or none.

        Parameters
        ----------
        works : sequence of callable
            In the order in which they are to run.
        owner : hashable
            Who submits them; errors are those of `submit`.
        """
        jobs = [Job(work, owner) for work in works]
        self._put(jobs)
        return jobs

    def ahead(self, job: Job[T]) -> int:
        """Return how many jobs come before this one."""
        with self._lock:
            unfinished = self._unfinished()
        return next((i for i, other in enumerate(unfinished) if other is job), 0)

    def count(self) -> tuple[int, int]:
        """Return how many jobs run, and how many wait."""
        with self._lock:
            return len(self._running), len(self._waiting)

    def cancel(self, job: Job[Any]) -> None:
        """Ask a job to stop; one that waits is finished at once."""
        with self._lock:
            job.cancel()
            self._drop_cancelled()

    def drain(self, seconds: float) -> None:
        """Wait until no job waits or runs, at most so many seconds."""
        with self._lock:
            unfinished = self._unfinished()
        wait([job._finished for job in unfinished], seconds)  # noqa: SLF001

    def stop(self) -> list[Job[Any]]:
        """Take no more work and cancel what waits; return the jobs that run, which go on."""
        with self._lock:
            self.is_closed = True
            for job in self._waiting:
                job.cancel(ServerStopped())
            self._drop_cancelled()
            return list(self._running)

    def close(self) -> None:
        """Cancel every job, and wait for those that run to stop."""
        for job in self.stop():
            job.cancel(ServerStopped())
        self._executor.shutdown()

    def _put(self, jobs: Sequence[Job[Any]]) -> None:
        with self._lock:
            if self.is_closed:
                raise ServerStopped()
            self._drop_cancelled()
            self._check_room(jobs)
            self._waiting += jobs
            self._start()

    def _check_room(self, jobs: Sequence[Job[Any]]) -> None:
        """Raise where these jobs of one owner are above a bound."""
        unfinished = self._unfinished()
        for owner, light in {(job.owner, job.light) for job in jobs}:
            count = sum(job.owner == owner for job in unfinished)
            if count and count + len(jobs) > self._max_each:
                msg = f"{count} jobs of yours are waiting already. Please wait until some of them are done."
                raise TooManyJobs(msg)
            waiting = {job.owner for job in self._waiting if job.light == light}
            waiting -= {owner, *(job.owner for job in self._running)}
            if len(waiting) >= self._max_waiting:
                msg = f"{len(waiting)} visitors are waiting already. Please try again in some seconds."
                raise QueueFull(msg)

    def _start(self) -> None:
        """Start the jobs whose turn it is, as many as the bounds allow."""
        self._drop_cancelled()
        while not self.is_closed and (job := self._next()) is not None:
            self._waiting.remove(job)
            self._running.append(job)
            if not job.light:
                self._served = job.owner
            self._executor.submit(self._run, job)

    def _next(self) -> Job[Any] | None:
        """Return the job that may start now."""
        if len(self._running) >= self._at_once:
            return None
        runs = Counter(job.owner for job in self._running)
        for job in in_turn(self._waiting, self._served):
            if runs[job.owner] < self._at_once_each:  # one that needs much memory is not overtaken for ever
                needed = sum(other.nbytes for other in self._running) + job.nbytes
                return job if not self._running or needed <= self._max_bytes else None
        return None

    def _run(self, job: Job[Any]) -> None:
        job.execute()
        with self._lock:
            self._running.remove(job)
            self._start()

    def _drop_cancelled(self) -> None:
        """Finish waiting jobs that were cancelled."""
        for job in [job for job in self._waiting if job.cancelled()]:
            self._waiting.remove(job)
            job.execute()

    def _unfinished(self) -> list[Job[Any]]:
        """Return the jobs that run and those that wait, in the order in which they will run."""
        running = [job for job in self._running if not job.finished]
        return [*running, *(job for job in in_turn(self._waiting, self._served) if not job.cancelled())]
