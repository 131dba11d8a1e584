"""A server on a network: other names for it, Streamlit's own routes, and bodies that are too large."""

import asyncio
import errno
import os
import shutil
import tempfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from api import shared, uploads
from api.hosting import AllowedHosts, NeededRoutesOnly
from api.uploads import BoundedBodies
from pipeline.config import Config
from studio.workshop import Workshop

UPLOAD = "/_stcore/upload_file/session/file"
MEGABYTE = 1024 * 1024
Answer = namedtuple("Answer", "status text taken")


def call(app, path, *, headers=(), parts=(b"",), kind="http"):
    """Send a request whose body comes in parts; return status, text, and how many parts were taken."""
    told, given = [], list(parts)
    scope = {
        "type": kind,
        "method": "PUT",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), str(value).encode()) for name, value in headers],
        "scheme": "http",
        "client": ("test", 1),
        "root_path": "",
    }

    async def receive():
        if kind == "websocket":
            return {"type": "websocket.connect"}
        if not given:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": given.pop(0), "more_body": True}

    async def send(message):
        told.append(message)

    with ThreadPoolExecutor(1) as aside:  # this thread may have the loop of a browser
        aside.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    text = b"".join(message.get("body", b"") for message in told[1:]).decode()
    return Answer(told[0].get("status", told[0]["type"]), text, len(parts) - len(given))


async def read(request):
    return PlainTextResponse(str(sum([len(part) async for part in request.stream()])))


async def fail(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def connect(websocket):
    await websocket.accept()
    await websocket.close()


def guarded(*middleware, handler=read):
    routes = [WebSocketRoute("/_stcore/stream", connect), Route("/{path:path}", handler, methods=["GET", "PUT"])]
    return Starlette(routes=routes, middleware=list(middleware))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("studio.example", 200),
        ("Studio.Example:8501", 200),
        ("studio.example.", 200),
        ("evil.example", 400),
        ("studio.example.evil.example", 400),
        ("studio.example@evil.example", 400),
        ("[::1]:8501", 200),
        ("[", 400),
        ("", 400),
    ],
)
def test_only_allowed_names_are_served(host, status):
    config = Config(allowed_hosts=("studio.example", "::1"))
    app = guarded(Middleware(AllowedHosts, config=lambda: config))
    assert call(app, "/", headers=[("Host", host)]).status == status
    connected = "websocket.accept" if status == 200 else "websocket.close"
    assert call(app, "/_stcore/stream", headers=[("Host", host)], kind="websocket").status == connected
    assert call(app, "/_stcore/health", headers=[("Host", host)]).status == 200


def test_every_name_is_served_where_none_is_named():
    app = guarded(Middleware(AllowedHosts, config=Config))
    assert call(app, "/", headers=[("Host", "any.example")]).status == 200


@pytest.mark.parametrize("route", ["metrics", "script-health-check", "agent/openapi.json", "agent/mcp", "nosuch"])
def test_routes_of_inspection_are_closed_unless_asked_for(route):
    closed = guarded(Middleware(NeededRoutesOnly, config=Config))
    opened = guarded(Middleware(NeededRoutesOnly, config=lambda: Config(metrics=True)))
    for base in ("", "/base"):
        assert call(closed, f"{base}/_stcore/{route}").status == 404
        assert call(opened, f"{base}/_stcore/{route}").status == 200
    for needed in ("health", "host-config", "upload_file/a/b", "bidi-components/x/y"):
        assert call(closed, f"/_stcore/{needed}").status == 200


@pytest.fixture(scope="module")
def small():
    """A workshop that takes uploads of one megabyte, and keeps 20."""
    with closing(Workshop(Config(max_upload_megabytes=1, keep_megabytes=20))) as opened:
        yield opened


def bounded(shop, *, held=0, handler=read):
    return guarded(Middleware(BoundedBodies, workshop=lambda: shop, held=lambda: held), handler=handler)


def test_an_upload_within_the_limit_passes(small):
    parts = [bytes(MEGABYTE // 2), bytes(MEGABYTE // 2)]
    assert call(bounded(small), UPLOAD, headers=[("Content-Length", MEGABYTE)], parts=parts)[:2] == (200, str(MEGABYTE))
    assert call(bounded(small), UPLOAD, parts=parts)[:2] == (200, str(MEGABYTE))


@pytest.mark.parametrize("path", [UPLOAD, f"/base{UPLOAD}", "/_stcore/agent/interact", "/", "/media/x"])
def test_a_body_that_is_stated_too_large_is_refused_before_it_is_read(small, path):
    answer = call(bounded(small), path, headers=[("Content-Length", 3 * MEGABYTE)], parts=[bytes(MEGABYTE)] * 3)
    assert (answer.status, answer.taken) == (413, 0)
    assert answer.text.startswith("Expected at most")
    assert call(bounded(small), path, headers=[("Content-Length", "9" * 5000)]).status == 413


@pytest.mark.parametrize(("path", "most"), [(UPLOAD, 3), ("/", 1), ("/_stcore/agent/interact", 1)])
def test_a_body_of_no_stated_size_is_refused_as_it_comes(small, path, most):
    answer = call(bounded(small), path, parts=[bytes(MEGABYTE)] * 100)
    assert (answer.status, answer.taken) == (413, most)


def test_an_upload_that_finds_no_room_is_refused_before_it_is_read(small):
    with small.room(19_500_000):
        answer = call(bounded(small), UPLOAD, headers=[("Content-Length", MEGABYTE)], parts=[bytes(MEGABYTE)])
    assert (answer.status, answer.taken) == (507, 0)
    assert "Please try again" in answer.text


def test_an_upload_that_finds_no_room_is_refused_as_it_comes(small):
    with small.room(18_500_000):
        answer = call(bounded(small), UPLOAD, parts=[bytes(MEGABYTE // 2)] * 4)
    assert (answer.status, answer.taken) == (507, 3)


def test_room_is_given_back(small):
    for _ in range(25):
        assert call(bounded(small), UPLOAD, parts=[bytes(1000)]).status == 200
    with small.room(19_900_000):
        pass


def test_an_upload_of_stated_size_needs_no_more_room_than_that(small):
    with small.room(19_990_000):
        assert call(bounded(small), UPLOAD, headers=[("Content-Length", 1000)], parts=[bytes(1000)]).status == 200


def test_an_upload_that_never_comes_takes_no_room(small):
    app = bounded(small)
    with ThreadPoolExecutor(1) as aside:

        async def wait():
            silent = asyncio.create_task(app({**SILENT}, asyncio.Event().wait, None))
            await asyncio.sleep(0.2)
            with small.room(19_900_000):
                pass
            silent.cancel()

        aside.submit(asyncio.run, wait()).result()


SILENT = {
    "type": "http",
    "method": "PUT",
    "path": UPLOAD,
    "raw_path": UPLOAD.encode(),
    "query_string": b"",
    "headers": [(b"content-length", b"1000000")],
    "root_path": "",
}


def test_a_disk_that_another_program_fills_is_told(small):
    answer = call(bounded(small, handler=fail), UPLOAD)
    assert (answer.status, answer.text) == (507, "The disk of the studio is full. Please try again later.")


def test_uploads_take_no_more_memory_than_they_may(small, monkeypatch):
    assert call(bounded(small, held=uploads._MOST_HELD), UPLOAD, headers=[("Content-Length", 1)]).status == 503
    monkeypatch.setattr(uploads, "_MOST_HELD", 1500)
    answer = call(bounded(small), UPLOAD, parts=[bytes(1000)] * 3)
    assert (answer.status, answer.taken) == (503, 2)
    assert call(bounded(small), UPLOAD, parts=[bytes(1000)]).status == 200


def test_half_of_a_small_disk_is_kept_free(small, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_500_000))
    assert call(bounded(small), UPLOAD, headers=[("Content-Length", 800_000)]).status == 507


def test_a_mask_that_meets_a_full_disk_is_told(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def take(request):
        await shared.file_in(request, 10 * MEGABYTE)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    answer = call(guarded(handler=take), "/mask", parts=[bytes(MEGABYTE)])
    assert (answer.status, answer.text) == (507, shared.DISK_FULL)
