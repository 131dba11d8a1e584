"""Files to download: ordered, made by a job, fetched; and what is refused."""

import io
import json
import os
import re
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.finish import Finish
from pipeline.plan import arrange
from pipeline.stages import PostDenoise, Sharpen
from studio.downloads import FOLDER
from tests.api.asking import ask, blocked, decoded, fetched, make, png, restored_album
from tests.photographs import photograph

CAT = png((photograph("chelsea", 200)[..., ::-1] * 255).astype(np.uint8))
CAT_SIZE = photograph("chelsea", 200).shape[:2]


@pytest.fixture(scope="module")
def album(shop):
    return restored_album(shop, ("cat.png", CAT), plan=arrange([PostDenoise(1.0), Sharpen(1.0)]))


def test_a_file_is_the_result_under_the_finish(shop, album):
    picture = album.pictures[0]
    picture.finish, picture.strengths = Finish(1.5, 0.0), {"sharpen": 0.5}
    made = make(shop, album, {"format": "png", "name": "../мой кот"}, 0)
    assert made["state"] == "done"
    assert re.fullmatch(r"0/made/\w+/мой кот\.png", made["file"])
    rgb = decoded(fetched(shop, album, made))[..., ::-1]
    assert (rgb == (picture.rendered() * 255 + 0.5).astype(np.uint8)).mean() > 0.999


def test_ordering_a_file_does_not_wait_for_it(shop, album):
    with blocked(shop._results):
        status, _, body = ask(shop, f"/studio/{album.id}/0/make", method="POST", body={"format": "png"})
        job = json.loads(body)["job"]
        assert status == 202
        assert json.loads(ask(shop, f"/studio/{album.id}/jobs/{job}")[2]) == {"state": "waiting"}
    assert album.downloads[job].wait(30)
    assert json.loads(ask(shop, f"/studio/{album.id}/jobs/{job}")[2])["state"] == "done"


def test_a_file_does_not_wait_for_a_restoration(shop, album):
    with blocked(shop._networks):
        assert make(shop, album, {"format": "png"}, 0)["state"] == "done"


def test_a_file_that_could_not_be_made_says_why(shop):
    album = restored_album(shop, ("cat.png", CAT))
    album.pictures[0].source.write_bytes(b"words")
    for number in (0, None):
        made = make(shop, album, {"format": "png"}, number)
        assert made["state"] == "failed"
        assert made["error"].startswith("Expected a picture")
    assert not list(album.folder.rglob(f"{FOLDER}/*/*"))


def test_the_failure_of_the_studio_itself_is_told_without_its_insides(shop, caplog):
    album = restored_album(shop, ("cat.png", CAT))
    album.pictures[0].done.layers.remove()
    made = make(shop, album, {"format": "png"}, 0)
    assert made == {"state": "failed", "error": "The studio could not finish this. The server's log says why."}
    assert "FileNotFoundError" in caplog.text


@pytest.mark.parametrize("place", ["0/make", "make"])
def test_what_is_not_restored_is_refused(shop, place):
    album = shop.create([("cat.png", CAT)])
    status, _, body = ask(shop, f"/studio/{album.id}/{place}", method="POST", body={"format": "png"})
    assert status == 422
    assert b"not restored yet" in body or b"is restored yet" in body


def test_a_format_that_does_not_exist_is_refused_in_words(shop, album):
    status, _, body = ask(shop, f"/studio/{album.id}/0/make", method="POST", body={"format": "bmp"})
    assert status == 422
    assert "png, jpeg, webp, tiff" in body.decode()


def test_too_many_files_at_once_are_refused(shop, album):
    path, body = f"/studio/{album.id}/0/make", {"format": "png"}
    with blocked(shop._results):
        answers = [ask(shop, path, method="POST", body=body)[0] for _ in range(9)]
    assert answers == [202] * 8 + [503]
    assert all(job.wait(30) for job in album.downloads.values())
    assert ask(shop, path, method="POST", body=body)[0] == 202


def test_only_jobs_of_the_album_are_known(shop, album):
    other = restored_album(shop, ("cat.png", CAT))
    make(shop, other, {"format": "png"}, 0)
    for job in (*other.downloads, "nosuch"):
        assert ask(shop, f"/studio/{album.id}/jobs/{job}")[0] == 404


@pytest.mark.parametrize("path", ["0/source", "../x", "0/made/../source", "made/nothing.zip", "/etc/passwd"])
def test_only_files_that_were_made_are_handed_out(shop, album, path):
    assert ask(shop, f"/studio/{album.id}/files/{path}")[0] == 404


def test_the_zip_numbers_files_of_one_name(shop):
    album = restored_album(shop, ("a/cat.png", CAT), ("b/Cat.png", CAT))
    archive = zipfile.ZipFile(io.BytesIO(fetched(shop, album, make(shop, album, {"format": "png"}))))
    assert archive.namelist()[:2] == ["cat_restored.png", "Cat_restored_2.png"]
    assert not list(album.folder.glob(f"*/{FOLDER}/*"))


def test_the_zip_tells_what_a_format_could_not_hold_in_the_language_of_the_page(shop):
    album = restored_album(shop, ("glass.png", png(np.full((60, 60, 4), 100, np.uint8))))
    (english,) = make(shop, album, {"format": "jpeg"})["notices"]
    (russian,) = make(shop, album, {"format": "jpeg", "language": "ru"})["notices"]
    assert re.fullmatch(r"glass\.png: [A-Z].*\.", english)
    assert re.fullmatch(r"glass\.png: [А-Я].*\.", russian)


def test_two_who_download_at_once_get_each_a_whole_file(shop):
    album = restored_album(shop, *[(f"{n}.png", CAT) for n in range(4)])
    with ThreadPoolExecutor(3) as visitors:
        zips = [visitors.submit(make, shop, album, {"format": "png"}) for _ in range(2)]
        single = visitors.submit(make, shop, album, {"format": "png"}, 0)
    for made in zips:
        archive = zipfile.ZipFile(io.BytesIO(fetched(shop, album, made.result())))
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 4
    assert decoded(fetched(shop, album, single.result())).shape[:2] == album.pictures[0].size[::-1]


def test_a_download_does_not_wait_for_the_whole_zip_of_another_visitor(shop):
    many, one = restored_album(shop, *[(f"{n}.png", CAT) for n in range(5)]), restored_album(shop, ("cat.png", CAT))
    with blocked(shop._results):
        for album, place in ((many, "make"), (one, "0/make")):
            ask(shop, f"/studio/{album.id}/{place}", method="POST", body={"format": "png"}, address=place)
        (archive,), (single,) = many.downloads.values(), one.downloads.values()
        assert shop._results.ahead(archive) == 7  # the job that blocks, five pictures, and the other's
        assert shop._results.ahead(single) == 2
    assert archive.wait(30)
    assert single.wait(30)


def test_files_that_were_fetched_long_ago_are_deleted(shop, album):
    old = (album.folder / make(shop, album, {"format": "png"}, 0)["file"]).parent
    os.utime(old, (time.time() - 3600,) * 2)
    make(shop, album, {"format": "png"}, 0)
    assert not old.exists()


def test_before_and_after_are_shared_in_one_picture(shop, album):
    made = make(shop, album, {"share": True}, 0)
    assert re.fullmatch(r"0/made/\w+/cat_before_after\.jpg", made["file"])
    both = decoded(fetched(shop, album, made))[..., ::-1] / 255
    height, width = CAT_SIZE
    assert both.shape[:2] == (2 * height + 6, width)  # it is wide, so one is above the other
    before, after = both[:height], both[-height:]
    picture = album.pictures[0]
    assert np.abs(before - picture.done.layers.picture(0)).mean() < 0.02
    assert np.abs(after - picture.rendered()).mean() < 0.02
    assert both[height : height + 6].min() > 0.9
