"""The workshop: what is submitted once, what waits for what, and what is left when it closes."""

import errno
import importlib
import pkgutil
import threading
import time
from collections.abc import MutableMapping, MutableSequence, MutableSet
from concurrent.futures import Executor
from contextlib import closing

import cv2
import numpy as np
import pytest

import api
import studio
from pipeline.config import Config
from pipeline.errors import DiskFull, OptionError
from pipeline.methods.detection import CLASSICAL
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import arrange
from pipeline.run import Progress
from pipeline.stages import Sharpen
from studio.jobs import Job, State
from studio.workshop import Workshop
from tests.api.asking import blocked, restored_album
from tests.photographs import photograph


def png(image):
    return cv2.imencode(".png", (image[..., ::-1] * 255).astype(np.uint8))[1].tobytes()


CAT = png(photograph("chelsea", 200))
FADED = png(photograph("chelsea", 200) * 0.3 + 0.4)


def test_what_two_tabs_submit_is_done_once(shop):
    album = shop.create([("cat.png", CAT)])
    (picture,) = album.pictures
    with blocked(shop._networks):
        shop.submit("visitor", [picture], arrange([Sharpen(2.0)]))
        first = picture.job
        shop.submit("visitor", [picture], arrange([Sharpen(2.0)]))
        assert picture.job is first
    assert first.wait(30)
    shop.submit("visitor", [picture], arrange([Sharpen(1.0)]))
    assert picture.job is not first
    assert picture.job.wait(30)


def test_the_time_left_is_learnt_from_a_restoration():
    with closing(Workshop(Config())) as fresh:
        plan, pixels = arrange([Sharpen(2.0)]), 10**9
        job = Job(lambda job: None)
        job.report(Progress("sharpen", 0, 1, 0.0))
        guessed = fresh._pace.left(plan, pixels, job)
        (picture,) = restored_album(fresh, ("cat.png", CAT), plan=plan).pictures
        (timing,) = picture.done.timings
        learnt = fresh._pace.left(plan, pixels, job)
    assert learnt == pytest.approx(timing.seconds * pixels / (picture.size[0] * picture.size[1]), rel=0.01)
    assert learnt != pytest.approx(guessed, rel=0.01)


def test_only_the_restorations_of_a_picture_are_cancelled(shop):
    album = shop.create([("cat.png", CAT), ("other.png", CAT)])
    with blocked(shop._networks):
        shop.submit("visitor", album.pictures, arrange([]))
        shop.examine("visitor", album.pictures[0])
        shop.cancel(album.pictures[:1])
        assert [picture.state for picture in album.pictures] == [State.CANCELLED, State.WAITING]
    assert album.pictures[0].examination.wait(60)
    assert album.pictures[0].examination.state is State.DONE
    assert album.pictures[1].job.wait(30)


def test_a_preview_runs_no_network():
    with closing(Workshop(Config())) as fresh, blocked(fresh._networks):
        (picture,) = fresh.create([("cat.png", CAT)]).pictures
        preview, plate = fresh.preview("visitor", picture), fresh.plate("visitor", picture)
        assert preview.wait(20)
        assert preview.result.size == read_photo(CAT).size
        assert plate.wait(20)
        assert plate.result.exists()
        assert not fresh.engine._loaded
        assert not fresh._networks._waiting


def test_a_preview_waits_for_no_photograph_of_another_visitor(shop):
    slow, quick = shop.create([("slow.png", CAT), ("quick.png", CAT)]).pictures
    with blocked(shop._small, "bomber"):  # by a photograph that takes long
        second = shop.preview("bomber", slow)
        honest = shop.preview("visitor", quick)
        assert honest.wait(20)
        assert second.state is State.WAITING
    assert second.wait(20)
    assert second.result.size == honest.result.size


def test_a_preview_is_made_once(shop):
    (picture,) = shop.create([("cat.png", CAT)]).pictures
    first = shop.preview("visitor", picture)
    assert shop.preview("another", picture) is first
    assert first.wait(20)
    picture.source.unlink()
    assert shop.preview("visitor", picture) is first


def test_a_preview_that_the_disk_had_no_room_for_is_made_again(shop, monkeypatch):
    (picture,) = shop.create([("cat.png", CAT)]).pictures

    def full(path, data):
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as small:
        small.setattr("studio.previews.atomic.write", full)
        job = shop.preview("visitor", picture)
        assert job.wait(20)
        assert isinstance(job.error, DiskFull)
        assert shop.preview("visitor", picture) is job  # told once
    again = shop.preview("visitor", picture)
    assert again.wait(20)
    assert again.result.path.exists()


def test_a_photograph_is_examined_by_one_job(shop):
    album = shop.create([("faded.png", FADED)])
    (picture,) = album.pictures
    with blocked(shop._networks):
        assert shop.examine("visitor", picture) is None
        assert shop.examine("visitor", picture) is None
        assert len(shop._networks._waiting) == 1
    assert picture.examination.wait(60)
    assert "tone" in shop.examine("visitor", picture)


def test_what_was_not_examined_in_a_full_queue_is_examined_at_the_next_look():
    with closing(Workshop(Config(max_waiting=1))) as small:
        albums = [small.create([("faded.png", FADED)]) for _ in range(3)]
        with blocked(small._networks):
            assert [small.examine(album.id, album.pictures[0]) for album in albums] == [None] * 3
            last = albums[-1].pictures[0]
            assert last.examination is None
        until = time.monotonic() + 60
        while small.examine("visitor", last) is None and time.monotonic() < until:
            time.sleep(0.05)
        assert "tone" in last.suggestions


def test_a_restoration_goes_before_the_examination_of_its_photograph(shop):
    first, second = (shop.create([("faded.png", FADED)]) for _ in range(2))
    with blocked(shop._networks):
        for album in (first, second):
            shop.examine(album.id, album.pictures[0])
            shop.submit(album.id, album.pictures, arrange([]))
        assert [shop.ahead(album.pictures[0].job) for album in (first, second)] == [1, 2]
    (picture,) = first.pictures
    assert picture.job.wait(60)
    until = time.monotonic() + 60
    while shop.examine("visitor", picture) is None and time.monotonic() < until:
        time.sleep(0.05)
    assert "tone" in picture.suggestions  # it is not lost


def test_a_restoration_comes_no_later_for_the_examination_of_another_photograph(shop):
    album, other = shop.create([("cat.png", CAT), ("dog.png", CAT)]), shop.create([("cat.png", CAT)])
    with blocked(shop._networks):
        shop.examine("visitor", album.pictures[0])
        shop.submit("visitor", album.pictures[1:], arrange([]))
        shop.submit("another", other.pictures, arrange([]))
        assert [shop.ahead(each.job) for each in (album.pictures[1], other.pictures[0])] == [2, 3]
    assert other.pictures[0].job.wait(60)


def test_a_visitor_with_many_albums_and_damage_maps_has_one_turn(shop):
    albums, other = [shop.create([("cat.png", CAT)]) for _ in range(3)], shop.create([("cat.png", CAT)])
    with blocked(shop._networks):
        for album in albums:
            shop.damage("many", album.pictures[0], CLASSICAL)
            shop.submit("many", album.pictures, arrange([]))
        shop.submit("few", other.pictures, arrange([]))
        assert shop.ahead(other.pictures[0].job) == 2
    assert all(album.pictures[0].job.wait(60) for album in (*albums, other))


def test_a_failed_examination_suggests_nothing_and_is_logged(shop, caplog):
    album = shop.create([("broken.png", b"words")])
    (picture,) = album.pictures
    shop.examine("visitor", picture)
    assert picture.examination.wait(60)
    assert shop.examine("visitor", picture) == {}
    assert "PhotoUnreadable" in caplog.text


def test_a_comparison_measures_the_result_under_its_finish(shop):
    album = restored_album(shop, ("cat.png", CAT))
    (picture,) = album.pictures
    truth = encode_photo(picture.rendered(), read_photo(CAT), Output()).data
    job = shop.compare("visitor", picture, "truth.png", truth)
    assert job.wait(30)
    assert job.result.psnr > 50
    assert job.result.ssim > 0.999
    picture.strengths, picture.finish = {}, type(picture.finish)(blur=2.0)
    job = shop.compare("visitor", picture, "truth.png", truth)
    assert job.wait(30)
    assert job.result.psnr < 40


def test_a_reference_of_another_size_is_not_compared(shop):
    album = restored_album(shop, ("cat.png", CAT))
    job = shop.compare("visitor", album.pictures[0], "small.png", png(photograph("chelsea", 100)))
    assert job.wait(30)
    assert job.result.size[0] == 100
    assert job.result.psnr is None


def test_results_are_in_memory_one_at_a_time(shop):
    album = restored_album(shop, ("cat.png", CAT))
    (picture,) = album.pictures
    with blocked(shop._results):
        jobs = [
            shop.download("visitor", album, picture, Output()),
            shop.download_all("visitor", album, Output()),
            shop.compare("visitor", picture, "cat.png", CAT),
        ]
        time.sleep(0.1)
        assert {job.state for job in jobs} == {State.WAITING}
    assert all(job.wait(30) for job in jobs)
    assert {job.state for job in jobs} == {State.DONE}


def test_what_is_not_restored_has_no_result(shop):
    album = shop.create([("cat.png", CAT)])
    with pytest.raises(OptionError, match="not restored yet"):
        shop.download("visitor", album, album.pictures[0], Output())
    with pytest.raises(OptionError, match="restore them first"):
        shop.download_all("visitor", album, Output())


def test_nothing_is_left_of_a_workshop_that_is_closed():
    shop = Workshop(Config())
    album = shop.create([("cat.png", CAT)])
    started = threading.Event()

    def work(job):
        started.set()
        while not job.cancelled():
            time.sleep(0.01)

    job = shop._networks.submit(work)
    assert started.wait(10)
    threads = [thread for thread in threading.enumerate() if thread is shop._tidying]
    shop.close()
    assert job.finished
    assert not album.folder.parent.exists()
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("package", [studio, api], ids=lambda package: package.__name__)
def test_no_module_has_state_of_its_own(package):
    """The workshop owns it, so that there can be two, and so that it ends with the server."""
    shared = (type(threading.Lock()), type(threading.RLock()), threading.Thread, threading.Event, Executor)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.startswith("__"):
                continue
            is_container = isinstance(value, MutableMapping | MutableSequence | MutableSet)
            assert value or not is_container, f"{module.name}.{name} is filled later"
            assert not isinstance(value, shared), f"{module.name}.{name}"
            assert not hasattr(value, "cache_info"), f"{module.name}.{name} remembers"
