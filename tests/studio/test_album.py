"""Albums: what is kept of a restoration, what a second one replaces, and what makes room."""

import threading

import cv2
import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.errors import PhotoUnreadable
from pipeline.finish import Finish
from pipeline.photo import read_photo
from pipeline.plan import arrange, from_json, to_json
from pipeline.run import run
from pipeline.stages import Denoise, PostDenoise, Sharpen
from studio.jobs import JobQueue, State
from studio.restoring import restore
from studio.shelf import RECENT_S, Shelf
from tests.photographs import noisy, photograph

PLAN = arrange([Denoise(2.0), PostDenoise(1.0), Sharpen(1.0)])


def png(side=120):
    pixels = (noisy(photograph("chelsea", side), 0.05) * 255).astype(np.uint8)
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path, 50_000_000, 3600)


def done(picture, plan=PLAN, queue=None):
    """Restore a picture as the studio does, by a job."""
    engine = Engine("cpu")
    work = lambda job: restore(picture, plan, engine, job, max_pixels=2_000_000)  # noqa: E731
    picture.plan, picture.job = plan, (queue or JobQueue()).submit(work)
    assert picture.job.wait(30)
    return picture


def test_what_is_kept_is_what_run_gives(shelf):
    picture = done(shelf.create([("cat.png", png())]).pictures[0])
    result = run(PLAN, read_photo(png()), Engine("cpu"))
    assert np.abs(picture.rendered() - result.pixels).max() < 1 / 65535
    assert picture.done.layers.names == ("photo", "denoise", "post-denoise", "sharpen")
    assert (picture.done.history, picture.done.notices) == (result.history, result.notices)


def test_the_finish_and_the_strengths_are_in_what_is_rendered_and_in_the_plan(shelf):
    picture = done(shelf.create([("cat.png", png())]).pictures[0])
    picture.finish, picture.strengths = Finish(0.5, 1.0), {"denoise": 0.5, "sharpen": 1}
    again = from_json(to_json(picture.settled_plan()))
    assert (again.finish, again.strengths) == (picture.finish, {"denoise": 0.5})
    result = run(again, read_photo(png()), Engine("cpu"))
    assert np.abs(again.finish.apply(result.pixels) - picture.rendered()).max() < 1e-3


def test_a_second_restoration_takes_the_place_of_the_first(shelf):
    picture = done(shelf.create([("cat.png", png())]).pictures[0])
    first = picture.done
    done(picture, arrange([Sharpen(2.0)]))
    assert picture.done is not first
    assert [path.name for path in picture.source.parent.glob("layers-*")] == [picture.done.layers.id]


def test_the_stages_that_did_not_change_are_not_run_again(shelf):
    picture = done(shelf.create([("cat.png", png())]).pictures[0])
    first = picture.rendered()
    done(picture, arrange([*PLAN.stages[:2], Sharpen(3.0)]))
    assert [timing.outcome for timing in picture.done.timings] == ["cached", "cached", "done"]
    assert not np.array_equal(picture.rendered(), first)
    done(picture)
    assert np.abs(picture.rendered() - first).max() < 1e-4


def test_a_failed_restoration_leaves_nothing_behind_and_keeps_the_last_good_one(shelf):
    picture = done(shelf.create([("cat.png", png())]).pictures[0])
    first = picture.done
    picture.source.write_bytes(b"words")
    done(picture)
    assert picture.state is State.FAILED
    assert isinstance(picture.job.error, PhotoUnreadable)
    assert picture.done is first
    assert len(list(picture.source.parent.glob("layers-*"))) == 1


def test_a_waiting_picture_that_is_cancelled_says_so_at_once(shelf):
    queue, release = JobQueue(), threading.Event()
    queue.submit(lambda job: release.wait(10))
    picture = shelf.create([("cat.png", png())]).pictures[0]
    picture.job = queue.submit(lambda job: None)
    assert picture.state is State.WAITING
    picture.job.cancel()
    assert picture.state is State.CANCELLED
    release.set()


def test_the_longest_unused_album_makes_room(tmp_path):
    shelf = Shelf(tmp_path, 3 * len(png()), 10 * RECENT_S)
    albums = [shelf.create([(f"{n}.png", png())]) for n in range(3)]
    for album, hours in zip(albums, (2, 3, 4), strict=True):
        album.used -= hours * RECENT_S
    shelf.get(albums[2].id)
    fourth = shelf.create([("4.png", png())])
    assert shelf.get(albums[1].id) is None
    assert not albums[1].folder.exists()
    assert all(shelf.get(album.id) is album for album in (albums[0], albums[2], fourth))


def test_an_album_that_may_still_be_looked_at_stays_where_there_is_too_much(tmp_path):
    shelf = Shelf(tmp_path, 1, 10 * RECENT_S)
    first, second = (shelf.create([(f"{n}.png", png())]) for n in range(2))
    shelf.make_room()
    assert all(shelf.get(album.id) is album for album in (first, second))


def test_an_old_album_makes_room_where_there_is_enough(tmp_path):
    shelf = Shelf(tmp_path, 10**9, 3600)
    old = shelf.create([("cat.png", png())])
    old.used -= 7200
    new = shelf.create([("cat.png", png())])
    assert shelf.get(old.id) is None
    assert shelf.get(new.id) is new


def test_an_album_at_work_stays(tmp_path):
    shelf, queue, release = Shelf(tmp_path, 1, 3600), JobQueue(), threading.Event()
    busy = shelf.create([("cat.png", png())])
    busy.used -= 7200
    busy.pictures[0].job = queue.submit(lambda job: release.wait(10))
    shelf.create([("cat.png", png())])
    assert shelf.get(busy.id) is busy
    release.set()


def test_ids_are_hard_to_guess(shelf):
    ids = {shelf.create([]).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(album_id) >= 12 for album_id in ids)
