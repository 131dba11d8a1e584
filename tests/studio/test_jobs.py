"""Jobs of a queue: their result, their error, and how they are cancelled."""

import threading
import time
import weakref

import numpy as np
import pytest

from pipeline.errors import PhotoUnreadable, ServerStopped
from studio.jobs import State
from tests.studio.queues import blocked, open_queue

__all__ = ["open_queue"]  # a fixture


def test_a_job_gives_its_result(open_queue):
    job = open_queue().submit(lambda job: 6 * 7)
    assert job.wait(5)
    assert (job.state, job.result, job.error) == (State.DONE, 42, None)


def test_an_error_is_kept_and_the_next_job_runs(open_queue):
    queue = open_queue()

    def fail(job):
        raise PhotoUnreadable("not a picture")

    broken, fine = queue.submit(fail), queue.submit(lambda job: "fine")
    assert fine.wait(5)
    assert broken.state is State.FAILED
    assert str(broken.error) == "not a picture"
    assert fine.result == "fine"


def test_jobs_wait_their_turn_and_know_their_place(open_queue):
    queue = open_queue()
    first, release = blocked(queue)
    second, third = queue.submit(lambda job: 2), queue.submit(lambda job: 3)
    assert [queue.ahead(j) for j in (first, second, third)] == [0, 1, 2]
    assert second.state is State.WAITING
    release.set()
    assert third.wait(5)
    assert queue.ahead(third) == 0


def test_a_running_job_is_cancelled(open_queue):
    job, _ = blocked(open_queue())
    job.cancel()
    assert job.wait(5)
    assert job.state is State.CANCELLED


def test_a_waiting_job_that_is_cancelled_never_starts(open_queue):
    queue = open_queue()
    _, release = blocked(queue)
    started = []
    waiting = queue.submit(lambda job: started.append(True))
    waiting.cancel()
    release.set()
    assert waiting.wait(5)
    assert waiting.state is State.CANCELLED
    assert not started


def test_a_queue_that_is_closed_has_cancelled_everything(open_queue):
    queue = open_queue()
    running, _ = blocked(queue)
    waiting = queue.submit(lambda job: None)
    queue.close()
    assert (running.state, waiting.state) == (State.CANCELLED, State.CANCELLED)


def test_a_job_that_was_cancelled_before_the_queue_stops_keeps_its_reason(open_queue):
    queue = open_queue()
    running, _ = blocked(queue)
    running.cancel()
    running.cancel(ServerStopped())
    assert running.wait(5)
    assert running.error is None


def test_a_queue_that_stops_gives_back_what_waits_and_lets_go_on_what_runs(open_queue):
    queue = open_queue()
    running, release = blocked(queue)
    waiting = queue.submit(lambda job: None)
    assert queue.stop() == [running]
    assert (waiting.state, type(waiting.error)) == (State.CANCELLED, ServerStopped)
    with pytest.raises(ServerStopped):
        queue.submit(lambda job: None)
    release.set()
    assert running.wait(5)
    assert (running.state, running.error) == (State.DONE, None)


def test_a_finished_job_lets_its_work_go(open_queue):
    photo = np.zeros(10)
    still_there = weakref.ref(photo)
    job = open_queue().submit(lambda job, photo=photo: photo.size)
    del photo
    assert job.wait(5)
    until = time.monotonic() + 5
    while still_there() is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert still_there() is None


def test_a_fault_of_the_studio_is_logged_and_a_refusal_is_not(open_queue, caplog):
    def fail(error):
        raise error

    queue = open_queue()
    assert queue.submit(lambda job: fail(PhotoUnreadable("not a picture"))).wait(5)
    assert not caplog.records
    assert queue.submit(lambda job: fail(ZeroDivisionError("nobody expected this"))).wait(5)
    assert "nobody expected this" in caplog.text


def test_a_cancelled_job_lets_go_of_what_it_holds(open_queue):
    queue = open_queue()
    _, release = blocked(queue)
    photo = np.zeros(10)
    still_there = weakref.ref(photo)
    job = queue.submit(lambda job, photo=photo: photo.size)
    del photo
    job.cancel()
    assert still_there() is None
    release.set()
    assert job.wait(5)


def test_whoever_waits_is_called_once_a_job_is_finished(open_queue):
    queue = open_queue()
    job, release = blocked(queue)
    called = threading.Event()
    job.when_finished(called.set)
    assert not called.wait(0.05)
    release.set()
    assert called.wait(5)
    again = threading.Event()
    job.when_finished(again.set)
    assert again.is_set()
