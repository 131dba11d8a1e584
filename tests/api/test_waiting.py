"""Requests that wait for work: in no thread, in turns, within bounds, and not after the browser has left."""

import asyncio
import errno
import gc
import time
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread
import numpy as np
import pytest

from pipeline.plan import arrange
from pipeline.stages import Sharpen
from studio import views
from studio.jobs import State
from studio.layers import Layers
from tests.api.asking import app_of, ask, blocked, png, restored_album, scope_of
from tests.photographs import photograph

CAT = png((photograph("chelsea", 200)[..., ::-1] * 255).astype(np.uint8))
REQUESTS = 45


@pytest.fixture
def album(shop):
    return restored_album(shop, ("cat.png", CAT), plan=arrange([Sharpen(1.0)]))


class Requests:
    """Requests to a workshop in one event loop, each of which may be left by its browser."""

    def __init__(self, shop):
        self._app = app_of(shop)
        self.left = asyncio.Event()

    async def ask(self, path):
        """The status and the body of an answer."""
        told = []

        async def receive():
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            told.append(message)

        await self._app(scope_of(path), receive, send)
        return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


def in_a_loop(act):
    with ThreadPoolExecutor(1) as aside:  # this thread may have the loop of a browser
        return aside.submit(lambda: asyncio.run(act())).result()


@pytest.mark.parametrize("place", ["preview", "plate", "view", "damage"])
def test_many_requests_that_wait_leave_every_thread_and_the_loop_to_others(shop, album, place):
    lanes = shop._networks, shop._small, shop._looks, shop._results
    fresh = [shop.create([("cat.png", CAT)]) for _ in range(REQUESTS)]  # each a job of its own
    ids = [album.id] * REQUESTS if place == "view" else [each.id for each in fresh]

    async def act():
        requests = Requests(shop)
        busy = [blocked(lane) for lane in lanes for _ in range(lane._at_once)]
        for each in busy:
            each.__enter__()
        try:
            waiting = [asyncio.create_task(requests.ask(f"/studio/{id_}/0/{place}")) for id_ in ids]
            await asyncio.sleep(0.3)
            assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
            started = time.monotonic()
            assert (await requests.ask(f"/studio/{album.id}/0/mask"))[0] == 404
            assert time.monotonic() - started < 0.2
        finally:
            await asyncio.to_thread(lambda: [each.__exit__(None, None, None) for each in busy])
        return await asyncio.gather(*waiting)

    statuses = {status for status, _ in in_a_loop(act)}
    assert statuses == ({202} if place == "damage" else {200})


def test_a_view_whose_browser_has_left_is_not_made(shop, album, monkeypatch):
    made = []
    monkeypatch.setattr(Layers, "look", lambda *_: made.append(1))

    async def act():
        requests = Requests(shop)
        with blocked(shop._looks), blocked(shop._looks):
            waiting = asyncio.create_task(requests.ask(f"/studio/{album.id}/0/view"))
            while not shop._looks._waiting:
                await asyncio.sleep(0.01)
            (job,) = shop._looks._waiting
            requests.left.set()
            assert (await waiting)[0] == 499
        return job

    job = in_a_loop(act)
    assert job.wait(10)
    assert (job.state, made) == (State.CANCELLED, [])


def test_a_preview_whose_browser_has_left_is_made_for_others(shop):
    fresh = shop.create([("cat.png", CAT)])

    async def act():
        requests = Requests(shop)
        with blocked(shop._small), blocked(shop._small):
            waiting = asyncio.create_task(requests.ask(f"/studio/{fresh.id}/0/preview"))
            await asyncio.sleep(0.1)
            requests.left.set()
            assert (await waiting)[0] == 499

    in_a_loop(act)
    assert ask(shop, f"/studio/{fresh.id}/0/preview")[0] == 200


def test_large_views_are_made_one_after_another(shop, album, monkeypatch):
    at_once, most, look = [], [], Layers.look

    def slow(*arguments):
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.02)
        at_once.pop()
        return look(*arguments)

    monkeypatch.setattr(Layers, "look", slow)
    width, height = album.pictures[0].done.layers.size
    monkeypatch.setattr(shop._looks, "_max_bytes", int(width * height * views._PIXEL_BYTES * 1.5))

    async def act():
        requests = Requests(shop)
        return await asyncio.gather(*(requests.ask(f"/studio/{album.id}/0/view") for _ in range(8)))

    assert {status for status, _ in in_a_loop(act)} == {200}
    assert max(most) == 1


def test_a_browser_that_does_not_read_its_views_gets_no_more(shop, album, monkeypatch):
    monkeypatch.setattr(views, "_MOST_UNSENT", 1000)
    picture = album.pictures[0]
    layers = picture.done.layers
    from api.pixels import _read_look

    job = shop.look("slow", picture, *_read_look(layers, {}))
    assert job.wait(10)
    with pytest.raises(views.QueueFull, match="still being sent"):
        shop.look("slow", picture, *_read_look(layers, {}))
    other = shop.look("quick", picture, *_read_look(layers, {}))
    assert other.wait(10)
    for each in (job, other):
        each.result.close()
        each.result = None
    gc.collect()
    again = shop.look("slow", picture, *_read_look(layers, {}))
    assert again.wait(10)
    again.result.close()


@pytest.mark.parametrize(("place", "module"), [("preview", "previews"), ("plate", "previews"), ("view", "views")])
def test_a_full_disk_is_told_in_a_sentence(shop, album, place, module, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "no room")

    fresh = album if place == "view" else shop.create([("cat.png", CAT)])
    target = "tempfile.TemporaryFile" if module == "views" else "atomic.write"
    with monkeypatch.context() as small:
        small.setattr(f"studio.{module}.{target}", full)
        status, _, told = ask(shop, f"/studio/{fresh.id}/0/{place}")
    assert (status, told[:17]) == (507, b"The disk is full:")
    assert 200 in [ask(shop, f"/studio/{fresh.id}/0/{place}")[0] for _ in range(2)]  # once there is room


def test_a_full_queue_is_told_in_a_sentence_with_a_time_to_come_back(shop, album, monkeypatch):
    with blocked(shop._looks), blocked(shop._looks):
        monkeypatch.setattr(shop._looks, "_max_waiting", 0)
        status, headers, told = ask(shop, f"/studio/{album.id}/0/view")
    assert (status, headers["retry-after"], told[:22]) == (503, "5", b"0 visitors are waiting")


def test_a_fault_of_the_studio_itself_is_told_in_a_sentence(shop, album, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr(Layers, "look", fail)
    status, _, told = ask(shop, f"/studio/{album.id}/0/view")
    assert (status, told[:28]) == (503, b"The studio could not finish ")
    assert b"expected" not in told
    assert "nobody expected this" in caplog.text


def test_what_was_evicted_meanwhile_is_not_found(shop):
    gone = restored_album(shop, ("cat.png", CAT))
    ask(shop, f"/studio/{gone.id}/0/preview")
    gone.pictures[0].preview.result.path.unlink()
    gone.pictures[0].done.layers.remove()
    for place in ("preview", "view"):
        assert ask(shop, f"/studio/{gone.id}/0/{place}")[0] == 404
