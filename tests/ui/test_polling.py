"""Pages look less often while others come first."""

import threading

import pytest

from pipeline.config import Config
from studio.jobs import Job
from studio.workshop import Workshop
from ui.parts import polling


@pytest.fixture
def shop(monkeypatch):
    shop = Workshop(Config())
    monkeypatch.setattr(polling, "workshop", lambda: shop)
    yield shop
    shop.close()


def test_a_page_looks_less_often_the_more_jobs_come_first(shop):
    go = threading.Event()
    jobs = [shop._small.submit(lambda _: go.wait(), f"visitor {n}") for n in range(30)]
    pauses = [polling.pause(job, 0.5) for job in jobs]
    go.set()
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.5
    assert pauses[4] == 1.5
    assert pauses[-1] == 5.0


def test_a_job_that_is_done_is_looked_at_at_once_and_one_that_found_no_room_seldom(shop):
    job: Job[int] = shop._results.submit(lambda _: 1, "visitor")
    job.wait()
    assert polling.pause(job, 0.4) == 0.4
    assert polling.pause(None, 0.4) == 5.0
