"""Stop the work of a server: what waits is given back at once, and jobs of programs that run may end."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.errors import ServerStopped
from studio.jobs import Job, JobQueue
from studio.submissions import Submissions

_NEWS_S = 10
"""Seconds in which the last results and webhooks may be sent."""

_FETCH_S = 5
"""Seconds in which programs that ask now and then may fetch the last results."""


def stop(queues: Sequence[JobQueue], submissions: Submissions, seconds: float) -> None:
    """Take no more work, and end what there is; return when nothing runs any more.

    Parameters
    ----------
    queues : sequence of JobQueue
    submissions : Submissions
        The jobs of programs. Those that run get some seconds; jobs of pages are cancelled at once.
    seconds : float
        Where this is not 0 and jobs of programs ran, programs get `_FETCH_S` besides to fetch the results.
    """
    running = [job for queue in queues for job in queue.stop()]
    kept = [job for job in running if submissions.has(job)]
    for job in running:
        if job not in kept:
            job.cancel(ServerStopped())
    _await(kept, seconds)
    for queue in queues:
        queue.close()
    submissions.deliveries.finish(_NEWS_S)
    if kept and seconds:
        time.sleep(_FETCH_S)


def _await(jobs: Iterable[Job[Any]], seconds: float) -> None:
    """Wait until all jobs are finished, at most so many seconds."""
    until = time.monotonic() + seconds
    for job in jobs:
        job.wait(max(until - time.monotonic(), 0))
