"""Jobs of programs: each ends in one state, and its result is there."""

import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import requests
from PIL import Image

from pipeline.photo import Output
from pipeline.plan import arrange
from studio.submissions import Wish
from tests.api.asking import blocked, decoded, png
from tests.api.v1.asking import OTHER, Program, picture, refused, until


@pytest.mark.parametrize(
    ("output", "kind", "head"),
    [
        (None, "image/png", b"\x89PNG"),
        ({"format": "jpeg", "quality": 80}, "image/jpeg", b"\xff\xd8"),
        ({"format": "webp"}, "image/webp", b"RIFF"),
        ({"format": "tiff"}, "image/tiff", b"II*"),
    ],
)
def test_a_photograph_is_restored_and_fetched_in_the_format_that_was_asked_for(program, output, kind, head):
    settings = {"version": 2, "stages": {"upscale": {"scale": 2}}}
    answer = program.submit(picture(), settings, output)
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["links"]["self"]
    said = program.until_ended(answer.json()["id"])
    assert (said["state"], said["progress"], said["error"]) == ("done", 1, None)
    made = program.get(program.url.removesuffix("/api/v1") + said["links"]["result"])
    assert (made.status_code, made.headers["Content-Type"]) == (200, kind)
    assert made.content.startswith(head)
    assert decoded(made.content).shape[:2] == (80, 80)


def test_the_picture_is_the_answer_where_a_program_waits_for_it(program):
    answer = program.submit(picture(), wait=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Content-Disposition"].endswith("photo_restored.png")
    again = program.get(program.url.removesuffix("/api/v1") + answer.headers["Content-Location"])
    assert again.content == answer.content


def test_the_finish_is_in_the_picture(program):
    plain, soft = (
        program.submit(picture(), {"version": 2, "finish": {"blur": blur}}, wait=60).content for blur in (0, 3)
    )
    assert decoded(soft).std() < decoded(plain).std() / 2


def sized(program, pixels, **fields):
    """The size of what is made of samples."""
    form = {"settings": '{"version": 2, "stages": {"sharpen": {}}}'} | fields
    answer = program.ask(
        "POST", "/jobs", files={"file": ("a.png", png(pixels))}, data=form, headers={"Prefer": "wait=60"}
    )
    return decoded(answer.content).shape[:2]


def test_full_size_goes_beyond_the_usual_cap(program):
    pixels = np.full((1500, 1500, 3), 90, np.uint8)
    assert sized(program, pixels, full="true") == (1500, 1500)
    assert sized(program, pixels, full="false") == sized(program, pixels) != (1500, 1500)


def test_a_page_of_a_file_is_chosen(program):
    file = io.BytesIO()
    first, second = (Image.new("L", (40, 40), value) for value in (50, 200))
    first.save(file, "TIFF", save_all=True, append_images=[second])
    form = {"settings": '{"version": 2, "stages": {"sharpen": {}}}'}

    def made(**fields):
        files = {"file": ("a.tif", file.getvalue())}
        return program.ask("POST", "/jobs", files=files, data=form | fields, headers={"Prefer": "wait=60"})

    assert [decoded(made(**fields).content).mean() for fields in ({}, {"page": "2"})] == [50, 200]
    assert made(page="3").status_code == 422


def test_a_mask_says_where_the_damage_is(program):
    damaged, mask = np.full((96, 96, 3), 120, np.uint8), np.zeros((96, 96), np.uint8)
    damaged[40:56, 40:56], mask[36:60, 36:60] = 0, 255
    files = {"file": ("a.png", png(damaged)), "mask": ("mask.png", png(mask))}

    def made(settings, **more):
        form = {"settings": settings}
        return program.ask("POST", "/jobs", files=files | more, data=form, headers={"Prefer": "wait=60"})

    repair = '{"version": 2, "stages": {"repair": {}}}'
    assert abs(decoded(made(repair).content)[40:56, 40:56].mean() - 120) < 20
    refused(made('{"version": 2, "stages": {"sharpen": {}}}'), 422, "option-error")
    assert "as the mask" in refused(made(repair, mask=("mask.png", b"text")), 415, "photo-unreadable")
    said = refused(made(repair, mask=("mask.png", png(mask[:50]))), 422, "photo-error")
    assert "got 96x50 in the mask." in said
    refused(
        program.ask("PUT", "/jobs/masked", files=files, data={"settings": repair, "mask": "x"}),
        422,
        "unprocessable-content",
    )


def test_notices_have_codes_and_texts(program):
    large = picture(size=500)
    said = program.until_ended(program.submit(large, {"version": 2, "stages": {"upscale": {"scale": 1}}}).json()["id"])
    assert all(notice["code"] and notice["text"] for notice in said["notices"])
    flat = {"version": 2, "stages": {"descreen": {}, "deblur": {}}}
    said = program.until_ended(program.submit(picture(), flat).json()["id"])
    assert {notice["stage"] for notice in said["notices"]} <= {"descreen", "deblur"}
    assert said["notices"]


def test_a_program_that_has_waited_long_enough_is_told_where_the_job_is(program, shop):
    with blocked(shop._networks):
        answer = program.submit(picture(1), wait=1)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert program.until_ended(answer.json()["id"])["state"] == "done"


def test_a_file_that_is_damaged_fails_with_a_code(program):
    damaged = picture()[:400]
    refused(program.submit(damaged, wait=60), 422, "photo-unreadable")
    said = program.until_ended(program.submit(damaged).json()["id"])
    assert (said["state"], said["error"]["code"]) == ("failed", "photo-unreadable")
    refused(program.ask("GET", f"/jobs/{said['id']}/result"), 422, "photo-unreadable")


def test_the_same_twice_is_one_job(program, shop):
    before = shop.submissions.figures().ended.get("done", 0)
    answers = [program.submit(picture(2), known_as="same").json() for _ in range(2)]
    assert program.until_ended("same")["state"] == "done"
    assert [each["id"] for each in answers] == ["same", "same"]
    assert program.submit(picture(2), known_as="same").status_code == 200
    assert shop.submissions.figures().ended["done"] == before + 1


def test_the_same_twice_at_once_is_one_job(shop, monkeypatch):
    albums, create, both = len(shop._shelf.ids()), shop._shelf.create, threading.Barrier(2)

    def create_both(files):
        both.wait(30)  # both have looked whether there is a job of this id
        return create(files)

    monkeypatch.setattr(shop._shelf, "create", create_both)
    work = partial(shop.submissions.submit, "someone", wish=Wish(arrange([]), Output()), known_as="race", name="a.png")
    with blocked(shop._networks), ThreadPoolExecutor(2) as threads:
        made = [each.result() for each in [threads.submit(work, io.BytesIO(picture(4))) for _ in range(2)]]
        assert shop._networks.count() == (1, 1)
    assert sorted(is_new for _, is_new in made) == [False, True]
    assert made[0][0] is made[1][0]
    assert len(shop._shelf.ids()) == albums + 1


def test_the_place_in_the_queue_is_told(program, shop):
    with blocked(shop._networks):
        first, second = (program.submit(picture(seed)).json()["id"] for seed in (5, 6))
        assert [program.state(each)["ahead"] for each in (first, second)] == [1, 2]


def test_a_job_that_waits_is_cancelled_at_once_and_can_be_removed(program, shop):
    with blocked(shop._networks):
        job = program.submit(picture(7), known_as="unwanted").json()["id"]
        answer = program.ask("DELETE", f"/jobs/{job}")
        assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
        refused(program.ask("GET", f"/jobs/{job}/result"), 409, "cancelled")
        folder = shop.submissions.find("token 0", job).album.folder
        assert program.ask("DELETE", f"/jobs/{job}").status_code == 204
    refused(program.ask("GET", f"/jobs/{job}"), 404, "not-found")
    assert not folder.exists()


def test_a_job_that_runs_is_cancelled(program, shop):
    job = program.submit(picture(size=500), {"version": 2, "stages": {"upscale": {"scale": 4}}}).json()["id"]
    while program.state(job)["state"] == "waiting":
        time.sleep(0.01)
    assert program.ask("DELETE", f"/jobs/{job}").status_code == 202
    assert program.until_ended(job)["state"] == "cancelled"


def test_a_job_that_nobody_can_ask_for_is_cancelled_with_its_connection(program, shop, url):
    with blocked(shop._networks):
        request = program.prepare_request(_waiting(url))
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        port = int(url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() + request.body)
            until(lambda: shop._networks.count() == (1, 1))
        until(lambda: all(job.cancelled() for job in shop._networks._waiting))


def _waiting(url):
    return requests.Request("POST", f"{url}/jobs", files={"file": ("a.png", picture(8))}, headers={"Prefer": "wait=60"})


def test_a_job_is_its_owners_alone(program, url):
    job = program.submit(picture(), known_as="mine").json()["id"]
    with Program(url, OTHER) as other:
        for method, path in (("GET", ""), ("GET", "/events"), ("GET", "/result"), ("DELETE", "")):
            refused(other.ask(method, f"/jobs/{job}{path}"), 404, "not-found")
        assert other.submit(picture(1), known_as="mine").status_code == 202  # of its own
    assert program.until_ended(job)["state"] == "done"
