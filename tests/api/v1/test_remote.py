"""Photographs from addresses: at allowed hosts only, never from inside the network."""

import hmac
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from studio import deliveries, remote
from tests.api.asking import blocked
from tests.api.v1.asking import SHARPEN, TOKEN, picture, refused

NAME = "photos.example"


class Photos(BaseHTTPRequestHandler):
    """A host with photographs."""

    def do_GET(self):
        path, host = self.path.partition("?")[0], self.headers["Host"]
        assert host.startswith(NAME)
        answers = {"/a.png": picture(), "/large.png": bytes(2_000_000), "/text": b"text", "/cut.png": picture()}
        self.send_response({"/moved": 302, "/no": 403}.get(path, 200 if path in answers else 404))
        if path == "/moved":
            self.send_header("Location", "/a.png")
        data = answers.get(path, b"")
        self.send_header("Content-Length", len(data) + (path == "/cut.png"))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        self.take()

    def do_POST(self):
        self.take()

    def take(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.command, self.path, self.headers, body))
        self.send_response(500 if self.path == "/never" or len(self.server.taken) <= self.server.fails else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Host(str):
    """Its address, and what it was sent."""

    def __new__(cls, url, server):
        made = super().__new__(cls, url)
        made.server = server
        return made


@contextmanager
def listening(shop, monkeypatch):
    """An allowed host on this machine, whose addresses count as public."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Photos) as server:
        server.taken, server.fails = [], 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port, find = server.server_port, socket.getaddrinfo
        elsewhere = lambda name, *rest, **more: find("127.0.0.1" if name == NAME else name, *rest, **more)  # noqa: E731
        monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
        monkeypatch.setattr(shop, "config", replace(shop.config, api_hosts=(f"{NAME}:{port}",)))
        monkeypatch.setattr(shop.submissions.deliveries, "_hosts", shop.config.api_hosts)
        monkeypatch.setattr(deliveries, "_PAUSES_S", (0, 0, 0))
        yield Host(f"http://{NAME}:{port}", server)
        server.shutdown()


@pytest.fixture
def host(shop, monkeypatch):
    with listening(shop, monkeypatch) as address:
        yield address


@pytest.fixture
def public(monkeypatch):
    monkeypatch.setattr(remote, "is_public", lambda _: True)


def submit(program, url, **more):
    form = {"input_url": (None, url), "settings": (None, json.dumps(SHARPEN))}
    return program.ask("POST", "/jobs", files=form, headers={"Prefer": "wait=60"}, **more)


def test_a_photograph_is_fetched_and_restored(program, host, public):
    answer = submit(program, f"{host}/a.png?signature=x")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Content-Disposition"].endswith("a_restored.png")
    assert answer.content == program.submit(picture(), wait=60, name="a.png").content


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/moved", 422, "address-unusable"),
        ("/no", 422, "address-unusable"),
        ("/cut.png", 422, "address-unusable"),
        ("/a b", 422, "address-unusable"),
        ("/text", 415, "photo-unreadable"),
    ],
)
def test_what_is_no_photograph_is_refused(program, host, public, path, status, code):
    refused(submit(program, host + path), status, code)


def test_a_photograph_that_is_too_large_is_refused_as_it_comes(host, public):
    with pytest.raises(remote.PhotoTooLarge):
        remote.fetch(f"{host}/large.png", (host.removeprefix("http://"),), 1_000_000)


def test_an_allowed_name_that_leads_into_a_private_network_is_refused(program, host):
    assert "private network" in refused(submit(program, f"{host}/a.png"), 422, "address-unusable")


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/a.png",
        f"http://{NAME}/a.png",  # another port
        f"http://{NAME}:80@other.example/a.png",
        f"http://me@{NAME}:9/a.png",
        f"ftp://{NAME}:9/a.png",
        "file:///etc/passwd",
        "http://[::1/a.png",
        f"http://{NAME}:99999999/a.png",
        f"//{NAME}:9/a.png",
        "",
    ],
)
def test_other_hosts_are_refused(url):
    with pytest.raises(remote.OptionError, match="Expected an address of http"):
        remote.fetch(url, (f"{NAME}:9",), 1000)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
    ],
)
def test_addresses_inside_a_network_are_not_public(address):
    assert not remote.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address):
    assert remote.is_public(address)


def test_a_file_and_an_address_are_one_too_many(program):
    answer = program.ask("POST", "/jobs", files={"file": ("a.png", picture())}, data={"input_url": "http://x/a"})
    refused(answer, 422, "unprocessable-content")


def sent(program, known_as, **urls):
    """Submit a job whose result or news are sent, and return its document once they were."""
    answer = program.ask("PUT", f"/jobs/{known_as}", files={"file": ("a.png", picture())}, data=urls)
    assert answer.status_code == 202, answer.text
    return delivered(program, known_as)


def delivered(program, known_as):
    until = time.monotonic() + 60
    while "waiting" in (said := program.state(known_as))["delivered"].values():
        assert time.monotonic() < until
        time.sleep(0.05)
    return said


def test_a_result_is_sent_and_then_its_news_with_a_signature(program, host, public):
    said = sent(program, "sent", output_url=f"{host}/out?sign=1", webhook_url=f"{host}/hook")
    assert said["delivered"] == {"output": "done", "webhook": "done"}
    (put, path, _, file), (post, hook, headers, body) = host.server.taken
    assert (put, path, post, hook) == ("PUT", "/out?sign=1", "POST", "/hook")
    assert file == program.ask("GET", "/jobs/sent/result").content
    told = json.loads(body)
    assert (told["id"], told["state"], told["delivered"]["output"]) == ("sent", "done", "done")
    moment, signature = (part.partition("=")[2] for part in headers["X-Studio-Signature"].split(","))
    assert abs(time.time() - int(moment)) < 600
    assert signature == hmac.new(TOKEN.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()


def test_another_address_under_the_same_id_is_another_job(program, host, public):
    sent(program, "sent-there", output_url=f"{host}/out")
    files = {"file": ("a.png", picture())}
    again = program.ask("PUT", "/jobs/sent-there", files=files, data={"output_url": f"{host}/out"})
    assert again.status_code == 200
    refused(program.ask("PUT", "/jobs/sent-there", files=files, data={"output_url": f"{host}/other"}), 409, "id-taken")


def test_what_is_still_to_be_sent_is_not_evicted(program, shop):
    program.submit(picture(), known_as="kept", wait=60)
    (album,) = (each.album for each in shop.submissions._kept.values() if each.id == "kept")
    assert not album.in_use
    album.delivered["output"] = "waiting"
    assert album.in_use


def test_three_tries_are_made(program, host, public):
    host.server.fails = 2
    assert sent(program, "third", webhook_url=f"{host}/hook")["delivered"]["webhook"] == "done"
    assert len(host.server.taken) == 3
    assert sent(program, "never", webhook_url=f"{host}/never")["delivered"]["webhook"] == "failed"
    assert len(host.server.taken) == 6
    assert program.ask("GET", "/jobs/never/result").status_code == 200


def test_of_a_job_that_was_cancelled_only_the_news_are_sent(program, host, public, shop):
    with blocked(shop._networks):
        urls = {"output_url": f"{host}/out", "webhook_url": f"{host}/hook"}
        program.ask("PUT", "/jobs/stopped", files={"file": ("a.png", picture())}, data=urls)
        program.ask("DELETE", "/jobs/stopped")
        assert delivered(program, "stopped")["delivered"] == {"output": "failed", "webhook": "done"}
    ((method, _, _, body),) = host.server.taken
    assert (method, json.loads(body)["state"]) == ("POST", "cancelled")


@pytest.mark.parametrize("name", ["output_url", "webhook_url"])
def test_nothing_is_sent_to_other_hosts(program, host, name):
    form = {name: "https://other.example/x"}
    refused(program.ask("POST", "/jobs", files={"file": ("a.png", picture())}, data=form), 422, "option-error")
    said = sent(program, f"inside-{name}", **{name: f"{host}/x"})  # its name leads into a private network
    assert said["delivered"][name.partition("_")[0]] == "failed"
    assert host.server.taken == []
