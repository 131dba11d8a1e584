"""Albums: what is kept of a restoration, what a second one replaces, and what makes room."""

import shutil
import threading

import cv2
import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.errors import DiskFull, PhotoUnreadable
from pipeline.finish import Finish
from pipeline.photo import read_photo
from pipeline.plan import arrange, from_json, to_json
from pipeline.run import run
from pipeline.stages import Denoise, PostDenoise, Sharpen, Upscale
from studio.album import Album
from studio.jobs import Job, JobQueue, State
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
    done(picture, arrange([*PLAN.stages[:2], Sharpen(3.0, always=True)]))
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


def test_an_album_that_may_still_be_looked_at_stays_and_what_finds_no_room_is_refused(tmp_path):
    shelf = Shelf(tmp_path, 2 * len(png()), 10 * RECENT_S)
    first, second = (shelf.create([(f"{n}.png", png())]) for n in range(2))
    with pytest.raises(DiskFull, match="photographs in use take"):
        shelf.create([("third.png", b"1")])
    shelf.make_room()
    assert all(shelf.get(album.id) is album for album in (first, second))
    assert sorted(tmp_path.iterdir()) == sorted([first.folder, second.folder])


def test_no_more_than_half_of_what_is_free_is_taken(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    taken = lambda: sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000 - taken()))
    shelf = Shelf(tmp_path, 10**9, 10 * RECENT_S)
    shelf.create([("first.png", bytes(400_000))])
    with pytest.raises(DiskFull):
        shelf.create([("second.png", bytes(100_001))])
    shelf.create([("second.png", bytes(100_000))])
    assert taken() == 500_000


def test_two_that_write_at_once_keep_to_the_bound_together(tmp_path):
    shelf = Shelf(tmp_path, 1000, 3600)
    with shelf.room(600), pytest.raises(DiskFull):
        shelf.create([("cat.png", bytes(401))])
    assert shelf.create([("cat.png", bytes(401))])


@pytest.mark.parametrize("size", [(97, 61), (1500, 700)])
def test_a_restoration_asks_for_at_least_as_much_room_as_it_takes(tmp_path, size):
    shelf, asked = Shelf(tmp_path, 10**9, 3600), []
    pixels = (noisy(photograph("chelsea", 1600), 0.05)[: size[1], : size[0]] * 255).astype(np.uint8)
    picture = shelf.create([("cat.png", cv2.imencode(".png", pixels)[1].tobytes())]).pictures[0]
    plan = arrange([Denoise(2.0), Upscale(scale=1.5), Sharpen(1.0)])
    room = lambda nbytes: asked.append(nbytes) or shelf.room(nbytes)  # noqa: E731
    job = JobQueue().submit(lambda job: restore(picture, plan, Engine("cpu"), job, max_pixels=2_000_000, room=room))
    assert job.wait(120)
    taken = sum(path.stat().st_size for path in picture.source.parent.rglob("*.npy"))
    assert taken <= asked[0] <= 1.1 * taken + 10_000


def test_a_restoration_without_room_is_refused_before_it_writes(tmp_path):
    shelf = Shelf(tmp_path, 2 * len(png()), 3600)
    picture = shelf.create([("cat.png", png())]).pictures[0]
    work = lambda job: restore(picture, PLAN, Engine("cpu"), job, max_pixels=2_000_000, room=shelf.room)  # noqa: E731
    job = JobQueue().submit(work)
    assert job.wait(30)
    assert isinstance(job.error, DiskFull)
    assert [path.name for path in picture.source.parent.iterdir()] == ["source"]


def test_an_old_album_makes_room_where_there_is_enough(tmp_path):
    shelf = Shelf(tmp_path, 10**9, 3600)
    old = shelf.create([("cat.png", png())])
    old.used -= 7200
    new = shelf.create([("cat.png", png())])
    assert shelf.get(old.id) is None
    assert shelf.get(new.id) is new


def test_an_album_at_work_stays(tmp_path):
    shelf, queue, release = Shelf(tmp_path, len(png()), 3600), JobQueue(), threading.Event()
    busy = shelf.create([("cat.png", png())])
    busy.used -= 7200
    busy.pictures[0].job = queue.submit(lambda job: release.wait(10))
    with pytest.raises(DiskFull):
        shelf.create([("cat.png", png())])
    assert shelf.get(busy.id) is busy
    release.set()


def test_ids_are_hard_to_guess(shelf):
    ids = {shelf.create([]).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(album_id) >= 12 for album_id in ids)


def test_an_album_is_found_while_the_files_of_all_are_measured(shelf, monkeypatch):
    """Requests ask for it in the server's loop, where everybody would wait."""
    album = shelf.create([("cat.png", b"cat")])
    measuring, found = threading.Event(), threading.Event()

    def nbytes(_):
        measuring.set()
        assert found.wait(10)
        return 0

    monkeypatch.setattr(Album, "nbytes", nbytes)
    room = threading.Thread(target=shelf.make_room)
    room.start()
    assert measuring.wait(10)
    asked = threading.Thread(target=lambda: shelf.get(album.id) is album and found.set())
    asked.start()
    room.join(20)
    assert found.is_set()


def test_recent_albums_are_those_of_one_browser_the_last_used_first(shop):
    mine, others = (shop.visitors.name(shop.visitors.new(), None) for _ in range(2))
    first, second = (shop.create([("cat.png", b"")], mine) for _ in range(2))
    shop.create([("cat.png", b"")], others)
    shop.create([("cat.png", b"")], shop.visitors.name(None, "1.2.3.4"))  # many may share an address
    assert shop.recent(mine) == [second, first]
    shop.album(first.id)
    assert shop.recent(mine) == [first, second]
    assert shop.recent(shop.visitors.name(None, "1.2.3.4")) == []


def test_an_album_without_photographs_is_not_among_the_recent_ones(shop):
    mine = shop.visitors.name(shop.visitors.new(), None)
    album = shop.create([("cat.png", b"")], mine)
    album.remove(0)
    assert shop.recent(mine) == []


def test_an_album_of_a_program_is_measured_when_its_job_has_changed_it(shelf):
    album = shelf.create([("cat.png", png())])
    folder, sizes = album.pictures[0].folder, []

    def work(_):
        (folder / "result").write_bytes(bytes(1000))
        sizes.append(album.nbytes())
        (folder / "more").write_bytes(bytes(500))

    before = album.nbytes()
    album.requested = Job(work)
    assert album.nbytes() == before
    album.requested.execute()
    assert [*sizes, album.nbytes(), album.nbytes()] == [before + 1000, before + 1500, before + 1500]
