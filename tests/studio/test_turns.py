"""Whose turn it is, and how many may wait."""

import threading
import time

import pytest

from pipeline.config import Config
from pipeline.errors import QueueFull
from studio.jobs import State
from tests.studio.queues import blocked, open_queue

__all__ = ["open_queue"]  # a fixture


def test_the_queue_is_bounded_and_opens_again(open_queue):
    queue = open_queue(max_waiting=1)
    _, release = blocked(queue)
    waiting = queue.submit(lambda job: None)
    with pytest.raises(QueueFull, match="waiting already"):
        queue.submit(lambda job: None)
    release.set()
    assert waiting.wait(5)
    assert queue.submit(lambda job: 1).wait(5)


def test_owners_take_turns(open_queue):
    queue = open_queue()
    _, release = blocked(queue)
    order = []
    many, few = object(), object()
    queue.submit_all([lambda job, n=n: order.append(f"many {n}") for n in range(3)], many)
    last = queue.submit_all([lambda job, n=n: order.append(f"few {n}") for n in range(2)], few)[-1]
    assert queue.ahead(last) == 4
    release.set()
    assert last.wait(5)
    assert order[:4] == ["many 0", "few 0", "many 1", "few 1"]


def test_a_light_job_takes_no_turn_of_its_owner(open_queue):
    queue = open_queue()
    _, release = blocked(queue)
    order, owner = [], object()
    queue.submit(lambda job: order.append("light"), owner, light=True)
    own = queue.submit(lambda job: order.append("own"), owner)
    other = queue.submit(lambda job: order.append("other"))
    assert [queue.ahead(job) for job in (own, other)] == [2, 3]
    release.set()
    assert other.wait(5)
    assert order == ["light", "own", "other"]


def test_light_jobs_leave_room_for_others(open_queue):
    queue = open_queue(max_waiting=1)
    _, release = blocked(queue)
    queue.submit(lambda job: None, light=True)
    with pytest.raises(QueueFull):
        queue.submit(lambda job: None, light=True)
    last = queue.submit(lambda job: 1)
    release.set()
    assert last.wait(5)


def test_what_was_cancelled_takes_no_turn(open_queue):
    queue = open_queue()
    _, release = blocked(queue)
    order, owner, other = [], object(), object()
    for job in queue.submit_all([lambda job: order.append("cancelled")] * 5, owner):
        job.cancel()
    last = queue.submit_all([lambda job, n=n: order.append(n) for n in range(3)], other)[-1]
    own = queue.submit(lambda job: order.append("own"), owner)
    assert queue.ahead(own) == 2
    release.set()
    assert last.wait(5)
    assert order == [0, "own", 1, 2]


def test_a_large_order_counts_as_one(open_queue):
    queue = open_queue(max_waiting=1)
    _, release = blocked(queue)
    jobs = queue.submit_all([lambda job: None] * 50, object())
    with pytest.raises(QueueFull):
        queue.submit(lambda job: None)
    release.set()
    assert jobs[-1].wait(5)


def test_an_owner_is_known_by_its_value(open_queue):
    """A visitor comes with another request each time, but by the same name."""
    queue = open_queue()
    _, release = blocked(queue)
    order = []
    for n in range(3):
        queue.submit(lambda job, n=n: order.append(f"many {n}"), f"visitor {'a' * 3}")
    last = queue.submit(lambda job: order.append("other"), "visitor b")
    assert queue.ahead(last) == 2
    release.set()
    assert last.wait(5)
    assert order[:2] == ["many 0", "other"]


def test_no_owner_has_more_jobs_than_the_bound_and_others_still_have_theirs(open_queue):
    queue = open_queue(max_each=3)
    _, release = blocked(queue)
    jobs = [queue.submit(lambda job: None, "many", light=n == 0) for n in range(3)]
    with pytest.raises(QueueFull, match="3 jobs of yours"):
        queue.submit(lambda job: None, "many")
    other = queue.submit(lambda job: None, "other")
    jobs[0].cancel()
    jobs.append(queue.submit(lambda job: None, "many"))  # what was cancelled waits no more
    release.set()
    assert all(job.wait(5) for job in (other, *jobs))
    assert queue.submit(lambda job: 1, "many").wait(5)


def test_thirty_visitors_wait_and_none_is_refused(open_queue):
    most = Config().max_waiting
    queue = open_queue(max_waiting=most)
    _, release = blocked(queue)
    jobs = [queue.submit(lambda job: None, n) for n in range(30)]
    assert [queue.ahead(job) for job in jobs] == list(range(1, 31))
    release.set()
    assert all(job.wait(5) for job in jobs)


def test_a_slow_job_keeps_only_its_own_owner_waiting(open_queue):
    queue = open_queue(at_once=2)
    slow, release = blocked(queue, "slow")
    second = queue.submit(lambda job: None, "slow")
    assert all(queue.submit(lambda job: None, f"other {n}").wait(5) for n in range(5))
    assert (slow.state, second.state) == (State.RUNNING, State.WAITING)
    release.set()
    assert second.wait(5)


def test_jobs_that_run_at_once_keep_to_the_memory(open_queue):
    queue, inside, most = open_queue(at_once=3, max_bytes=100), [], []

    def work(job):
        inside.append(job.nbytes)
        most.append(sum(inside))
        time.sleep(0.01)
        inside.remove(job.nbytes)

    jobs = [queue.submit(work, n, nbytes=nbytes) for n, nbytes in enumerate((60, 30, 60, 500, 10, 20, 50, 30) * 3)]
    assert all(job.wait(5) for job in jobs)
    assert max(total for total in most if total < 500) <= 100
    assert max(most) == 500  # what needs more than the bound runs alone


def test_six_sessions_at_once_never_compute_at_the_same_time(open_queue):
    """Peak memory is that of one photograph, however many are waiting."""
    queue, inside, most = open_queue(), [], []

    def work(job):
        inside.append(job)
        most.append(len(inside))
        time.sleep(0.005)
        inside.remove(job)

    sessions = [threading.Thread(target=queue.submit_all, args=([work] * 3, object())) for _ in range(6)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    last = queue.submit(lambda job: None)
    assert last.wait(10)
    while len(most) < 18:
        time.sleep(0.005)
    assert max(most) == 1
