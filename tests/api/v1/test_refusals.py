"""What is refused, with which code."""

import numpy as np
import pytest

from tests.api.asking import blocked, png
from tests.api.v1.asking import OTHER, Program, picture, refused, until

MEGABYTE = 1_000_000


def test_another_mask_under_the_same_id_is_refused(program):
    mask, form = np.zeros((96, 96), np.uint8), {"settings": '{"version": 2, "stages": {"repair": {}}}'}
    for value, status in ((255, 202), (255, 200), (250, 409)):
        mask[40:50, 40:50] = value
        files = {"file": ("a.png", png(np.full((96, 96, 3), 120, np.uint8))), "mask": ("mask.png", png(mask))}
        assert program.ask("PUT", "/jobs/marked", files=files, data=form).status_code == status
        assert program.until_ended("marked")["state"] == "done"


@pytest.mark.parametrize("change", [{"data": picture(9)}, {"settings": {"version": 2}}, {"output": {"format": "jpeg"}}])
def test_another_body_under_the_same_id_is_refused(program, change):
    program.submit(picture(3), known_as="taken")
    assert "taken" in refused(program.submit(**{"data": picture(3)} | change, known_as="taken"), 409, "id-taken")


def test_too_many_jobs_of_a_program_are_refused_and_leave_nothing(program, shop):
    with blocked(shop._networks):
        most = shop._networks._max_each
        answers = [program.submit(picture(seed)) for seed in range(most)]
        assert {each.status_code for each in answers} == {202}
        albums = shop._shelf.ids()
        answer = program.submit(picture(99))
        refused(answer, 429, "too-many-jobs")
        assert int(answer.headers["Retry-After"]) > 0
        assert shop._shelf.ids() == albums
        for each in answers:
            program.ask("DELETE", f"/jobs/{each.json()['id']}")


def test_too_many_owners_are_refused(program, url, shop):
    with blocked(shop._networks), Program(url, OTHER) as other:
        job = program.submit(picture()).json()["id"]
        answer = other.submit(picture())
        refused(answer, 503, "queue-full")
        assert int(answer.headers["Retry-After"]) > 0
    assert program.until_ended(job)["state"] == "done"


def test_what_is_too_large_is_refused_as_it_comes(program):
    refused(program.submit(bytes(3 * MEGABYTE)), 413, "content-too-large")

    def parts():
        yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(40):
            yield bytes(MEGABYTE // 10)

    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    refused(program.ask("POST", "/jobs", data=parts(), headers=headers), 413, "content-too-large")


def test_a_disk_without_room_is_told(program, shop):
    until(lambda: shop._shelf._reserved == 0)  # of uploads that were refused
    taken, most = shop._shelf._evict(0)
    with shop.room(most - taken - 500_000):
        refused(program.submit(picture(size=500)), 507, "insufficient-storage")


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/x.safetensors", "C:\\x.pth", "../x.onnx", "~/x.pth"])
def test_a_path_of_the_servers_disk_is_refused_whether_it_is_there_or_not(program, path):
    answer = program.submit(picture(), {"version": 2, "stages": {"denoise": {"model": path}}})
    assert refused(answer, 422, "option-error").startswith("Expected a model of this server")


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ({"file": ("a.txt", b"text")}, {}, 415, "photo-unreadable"),
        ({"file": ("a.png", b"")}, {}, 415, "photo-unreadable"),
        ({}, {"file": "text"}, 415, "unsupported-media-type"),  # requests sends it as a form without files
        ({"other": ("a.png", picture())}, {}, 422, "unprocessable-content"),
        ({"file": ("a.png", picture()), "settings": ("a.json", b"{}")}, {}, 422, "unprocessable-content"),
        ({"file": ("a.png", picture())}, {"more": "x"}, 422, "unprocessable-content"),
        ({"file": ("a.png", picture())}, {"page": "0"}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"page": "1.5"}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"full": "yes"}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"mask": "text"}, 422, "unprocessable-content"),
        ({"file": ("a.png", picture())}, {"settings": ["{}", "{}"]}, 422, "unprocessable-content"),
        ({"file": ("a.png", picture())}, {"settings": "{"}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"settings": '{"\\ud800": 1}'}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"settings": "[" * 100_000}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"output": "[]"}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"output": '{"\\ud800": 1}'}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"output": '{"format": ["png"]}'}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"output": '{"quality": 1e999}'}, 422, "option-error"),
        ({"file": ("a.png", picture())}, {"settings": "x" * 1_100_000}, 400, "bad-request"),
    ],
)
def test_a_malformed_form_is_refused_with_a_code(program, files, fields, status, code):
    refused(program.ask("POST", "/jobs", files=files, data=fields), status, code)


def test_an_empty_file_is_told(program):
    assert "got an empty file." in refused(program.submit(b""), 415, "photo-unreadable")


@pytest.mark.parametrize("field", ["input_url", "output_url"])
def test_a_server_without_hosts_says_which_setting_allows_them(program, field):
    file = {} if field == "input_url" else {"file": ("a.png", picture())}
    address = {field: (None, "https://example.org/a.png")}  # as a file without a name, so that a form is sent
    assert "STUDIO_API_HOSTS" in refused(program.ask("POST", "/jobs", files=file | address), 422, "option-error")


@pytest.mark.parametrize("known_as", ["a" * 65, "a.b", "ä", "%00"])
def test_an_id_has_few_kinds_of_letters(program, known_as):
    refused(program.submit(picture(), known_as=known_as), 422, "unprocessable-content")
