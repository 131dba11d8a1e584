"""What the page fetches: views of pixels, the finish, files; and what is refused."""

import asyncio
import io
import json
import os
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from starlette.applications import Starlette

from api.routes import ROUTES
from pipeline.finish import Finish
from pipeline.plan import arrange
from pipeline.stages import PostDenoise, Sharpen
from studio import workshop
from tests.photographs import photograph

APP = Starlette(routes=ROUTES)


def ask(path, *, method="GET", body=None):
    """Send one request; return status, headers and body."""
    path, _, query = path.partition("?")
    told = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "root_path": "",
    }

    sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    waiting = [{"type": "http.request", "body": sent, "more_body": False}]

    async def receive():
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    with ThreadPoolExecutor(1) as aside:  # this thread may have the loop of a browser
        aside.submit(lambda: asyncio.run(APP(scope, receive, send))).result()
    headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], headers, b"".join(message.get("body", b"") for message in told[1:])


@pytest.fixture(scope="module")
def album():
    data = cv2.imencode(".png", (photograph("chelsea", 200)[..., ::-1] * 255).astype(np.uint8))[1].tobytes()
    made = workshop.workshop().shelf.create([("cat.png", data), ("broken.jpg", b"words")])
    workshop.order(made, made.pictures, arrange([PostDenoise(1.0), Sharpen(1.0)]))
    for picture in made.pictures:
        assert picture.job.wait(60)
    return made


def shown(body):
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_a_view_is_the_part_that_was_asked_for(album):
    status, headers, body = ask(f"/studio/{album.id}/0/view?layer=0&x=10&y=20&w=50&h=40")
    assert (status, headers["content-type"]) == (200, "image/png")
    expected = (photograph("chelsea", 200)[20:60, 10:60] * 255).astype(np.uint8)
    assert (shown(body) == expected).all()


def test_a_view_is_cut_to_the_picture_and_never_enlarged(album):
    *_, body = ask(f"/studio/{album.id}/0/view?x=190&y=0&w=900&h=30&out=5000")
    assert shown(body).shape == (30, 10, 3)


@pytest.mark.parametrize("query", ["layer=9", "layer=x", "x=a", "blur=99", "strengths=a,b"])
def test_what_is_no_view_is_refused(album, query):
    assert ask(f"/studio/{album.id}/0/view?{query}")[0] == 422


@pytest.mark.parametrize("path", ["nosuch/0/view", "{id}/7/view", "{id}/1/view", "nosuch/0/preview"])
def test_what_is_not_there_is_not_found(album, path):
    assert ask("/studio/" + path.format(id=album.id))[0] == 404


def test_the_finish_is_taken_and_goes_into_the_file(album):
    said = {"blur": 1.5, "sharpen": 0.0, "strengths": {"sharpen": 0.5}}
    assert ask(f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 204
    picture = album.pictures[0]
    assert (picture.finish, picture.strengths) == (Finish(1.5, 0.0), {"sharpen": 0.5})
    status, _, body = ask(f"/studio/{album.id}/0/make", method="POST", body={"format": "png", "name": "../мой кот"})
    made = json.loads(body)
    assert status == 200
    assert re.fullmatch(r"0/made/\w+/мой кот\.png", made["file"])
    _, headers, data = ask(f"/studio/{album.id}/files/{made['file']}")
    assert headers["cache-control"] == "no-store"
    assert (shown(data) == (picture.rendered() * 255 + 0.5).astype(np.uint8)).mean() > 0.999


@pytest.mark.parametrize(
    "said", [{}, {"blur": 9, "sharpen": 0, "strengths": {}}, {"blur": 0, "sharpen": 0, "strengths": {"sharpen": 2}}]
)
def test_a_finish_out_of_range_is_refused(album, said):
    before = album.pictures[0].finish
    assert ask(f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 422
    assert album.pictures[0].finish == before


def test_a_format_that_there_is_not_is_refused_in_words(album):
    status, _, body = ask(f"/studio/{album.id}/0/make", method="POST", body={"format": "bmp"})
    assert status == 422
    assert "png, jpeg, webp, tiff" in body.decode()


@pytest.mark.parametrize("path", ["0/source", "../x", "0/made/../source", "made/nothing.zip", "/etc/passwd"])
def test_only_files_that_were_made_are_handed_out(album, path):
    assert ask(f"/studio/{album.id}/files/{path}")[0] == 404


def restored_album(*files):
    """An album of pictures, restored by nothing."""
    made = workshop.workshop().shelf.create(list(files))
    workshop.order(made, made.pictures, arrange([]))
    assert all(picture.job.wait(60) for picture in made.pictures)
    return made


def fetched(made, answer):
    return ask(f"/studio/{made.id}/files/{quote(json.loads(answer[2])['file'])}")[2]


def test_the_zip_numbers_files_of_one_name(album):
    data = album.pictures[0].source.read_bytes()
    two = restored_album(("a/cat.png", data), ("b/Cat.png", data))
    body = fetched(two, ask(f"/studio/{two.id}/make", method="POST", body={"format": "png"}))
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["cat_restored.png", "Cat_restored_2.png"]
    assert not list(Path(two.folder).glob("*/made/*"))


def test_the_zip_tells_what_a_format_could_not_hold():
    data = cv2.imencode(".png", np.full((60, 60, 4), 100, np.uint8))[1].tobytes()
    made = restored_album(("glass.png", data))
    answer = ask(f"/studio/{made.id}/make", method="POST", body={"format": "jpeg"})
    assert "glass.png: " in json.loads(answer[2])["notices"][0]


def test_two_who_download_at_once_get_each_a_whole_file(album):
    two = restored_album(*[(f"{n}.png", album.pictures[0].source.read_bytes()) for n in range(4)])
    with ThreadPoolExecutor(3) as visitors:
        zips = [visitors.submit(ask, f"/studio/{two.id}/make", method="POST", body={"format": "png"}) for _ in range(2)]
        single = visitors.submit(ask, f"/studio/{two.id}/0/make", method="POST", body={"format": "png"})
    for answer in zips:
        archive = zipfile.ZipFile(io.BytesIO(fetched(two, answer.result())))
        assert archive.testzip() is None
        assert len(archive.namelist()) == 4
    assert shown(fetched(two, single.result())).shape[:2] == two.pictures[0].size[::-1]


def test_files_that_were_fetched_long_ago_go(album):
    first = json.loads(ask(f"/studio/{album.id}/0/make", method="POST", body={"format": "png"})[2])["file"]
    old = (album.folder / first).parent
    os.utime(old, (time.time() - 3600,) * 2)
    ask(f"/studio/{album.id}/0/make", method="POST", body={"format": "png"})
    assert not old.exists()


def test_a_photograph_that_cannot_be_read_has_a_sign(album):
    status, headers, _ = ask(f"/studio/{album.id}/1/preview")
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert ask(f"/studio/{album.id}/0/preview")[1]["content-type"] == "image/jpeg"


def test_a_page_of_an_earlier_run_is_told_so(album):
    picture = album.pictures[0]
    run, finish = picture.done.layers.id, picture.finish
    assert ask(f"/studio/{album.id}/0/view?run={run}")[0] == 200
    assert ask(f"/studio/{album.id}/0/view?run=layers-before")[0] == 409
    said = {"blur": 1.0, "sharpen": 1.0, "strengths": {}, "run": "layers-before"}
    assert ask(f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 409
    assert picture.finish == finish


def test_what_two_tabs_order_is_done_once(album):
    started, release = threading.Event(), threading.Event()
    workshop.workshop().queue.submit(lambda _: (started.set(), release.wait(30)))
    assert started.wait(30)
    picture = album.pictures[0]
    workshop.order(album, [picture], arrange([Sharpen(2.0)]))
    first = picture.job
    workshop.order(album, [picture], arrange([Sharpen(2.0)]))
    assert picture.job is first
    release.set()
    assert first.wait(30)
    workshop.order(album, [picture], arrange([Sharpen(1.0)]))
    assert picture.job is not first
    assert picture.job.wait(30)


def test_whoever_looks_for_the_same_damage_waits_for_the_same_work(album):
    started, release = threading.Event(), threading.Event()
    queue = workshop.workshop().queue
    queue.submit(lambda _: (started.set(), release.wait(30)))
    assert started.wait(30)
    with ThreadPoolExecutor(12) as visitors:
        asked = [visitors.submit(ask, f"/studio/{album.id}/0/damage?model=classical") for _ in range(12)]
        until = time.monotonic() + 20
        while not queue._waiting and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)  # for the others to ask too
        waiting = len(queue._waiting)
        release.set()
    assert waiting == 1
    assert {answer.result()[0] for answer in asked} == {200}
