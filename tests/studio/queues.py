"""Queues for tests, and jobs that hold them up."""

import threading

import pytest

from pipeline.errors import Cancelled
from studio.jobs import JobQueue


@pytest.fixture
def open_queue():
    """Makes queues, and closes them, so that no test leaves a thread at work."""
    queues = []

    def make(**options):
        queues.append(JobQueue(**options))
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


def blocked(queue, owner=None):
    """A job that runs until it is released or cancelled."""
    running, release = threading.Event(), threading.Event()

    def work(job):
        running.set()
        while not release.wait(0.01):
            if job.cancelled():
                raise Cancelled("stopped")

    job = queue.submit(work, owner)
    assert running.wait(5)
    return job, release
