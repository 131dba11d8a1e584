"""The bounded queue of work that every browser session shares: one job computes, the others wait their turn."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Generic, TypeVar

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

    def __init__(self, work: Callable[["Job[T]"], T]) -> None:
        self._work = work
        self._cancel = threading.Event()
        self._finished = threading.Event()
        self.state = State.WAITING
        self.progress: Progress | None = None
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
    """Runs one job at a time; a network already uses every core.

    Parameters
    ----------
    max_waiting : int
        Jobs that may wait beside the one that runs.
    """

    def __init__(self, max_waiting: int = 8) -> None:
        self._max_waiting = max_waiting
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio-job")
        self._jobs: list[Job[object]] = []
        self._lock = threading.Lock()

    def submit(self, work: Callable[[Job[T]], T]) -> Job[T]:
        """Put work into the queue.

        Raises
        ------
        QueueFull
            If too many jobs are waiting.
        """
        job = Job(work)
        with self._lock:
            self._jobs = [j for j in self._jobs if not j.finished]
            if len(self._jobs) > self._max_waiting:
                msg = f"{len(self._jobs)} photographs are waiting already. Please try again in a minute."
                raise QueueFull(msg)
            self._jobs.append(job)  # type: ignore[arg-type]
        self._executor.submit(job.execute)
        return job

    def ahead(self, job: Job[T]) -> int:
        """Return how many jobs come before this one."""
        with self._lock:
            unfinished = [j for j in self._jobs if not j.finished]
        return next((i for i, other in enumerate(unfinished) if other is job), 0)
