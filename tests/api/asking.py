"""Requests to the routes of the page, and pictures to ask about."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from urllib.parse import quote, unquote

import cv2
import numpy as np
from starlette.applications import Starlette
from starlette.routing import Mount

from api.routes import application
from api.safety import OWN
from pipeline.plan import arrange


def ask(shop, path, *, method="GET", body=None, own=True, address="test", cookie=""):
    """Send one request, its body as JSON, bytes, or an iterator of parts; return status, headers and body.

    `own`: whether it comes from a page of the studio. `address`, `cookie`: by which the visitor is known.
    """
    headers = [(b"cookie", cookie.encode()), *([(OWN.lower().encode(), b"1")] if own else [])]
    told, scope = [], scope_of(path, method=method, headers=headers, address=address)
    parts = body if isinstance(body, Iterator) else iter([body if isinstance(body, bytes) else _json(body or {})])
    waiting = chain(({"type": "http.request", "body": part, "more_body": True} for part in parts), [_END])

    async def receive():
        return next(waiting, None) or await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    app = app_of(shop)
    with ThreadPoolExecutor(1) as aside:  # this thread may have the loop of a browser
        aside.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], headers, b"".join(message.get("body", b"") for message in told[1:])


def scope_of(path, *, method="GET", headers=(), address="test"):
    """What a server says of a request."""
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": list(headers),
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": (address, 1),
        "root_path": "",
    }


def app_of(shop):
    """The routes of a workshop, mounted as in app.py."""
    routes = application()
    routes.state.workshop = shop
    return Starlette(routes=[Mount("/studio", app=routes)])


_END = {"type": "http.request", "body": b"", "more_body": False}


def _json(said):
    return json.dumps(said).encode()


def ask_until_ready(shop, path):
    """Ask again while the answer is 202; return the last one."""
    until = time.monotonic() + 60
    while (answer := ask(shop, path))[0] == 202 and time.monotonic() < until:
        time.sleep(0.02)
    return answer


def make(shop, album, body, number=None):
    """Have a file made, and return what its job says in the end."""
    place = f"/studio/{album.id}" + ("" if number is None else f"/{number}")
    status, _, answer = ask(shop, f"{place}/make", method="POST", body=body)
    assert status == 202, answer
    job, until = json.loads(answer)["job"], time.monotonic() + 60
    while time.monotonic() < until:
        said = json.loads(ask(shop, f"/studio/{album.id}/jobs/{job}")[2])
        if said["state"] not in ("waiting", "running"):
            return said
        time.sleep(0.02)
    raise TimeoutError(said)


def fetched(shop, album, made):
    """Fetch the file that was made."""
    status, headers, data = ask(shop, f"/studio/{album.id}/files/{quote(made['file'])}")
    assert (status, headers["cache-control"]) == (200, "no-store")
    return data


@contextmanager
def blocked(queue, owner=None):
    """Keep a queue busy with a job of an owner."""
    started, release = threading.Event(), threading.Event()
    job = queue.submit(lambda _: (started.set(), release.wait(60)), owner)
    assert started.wait(30)
    try:
        yield
    finally:
        release.set()
        assert job.wait(30)


def restored_album(shop, *files, plan=None):
    """An album of pictures, restored by nothing or by a plan."""
    album = shop.create(list(files))
    shop.submit("visitor", album.pictures, plan or arrange([]))
    assert all(picture.job.wait(60) for picture in album.pictures)
    return album


def png(samples):
    """A PNG of grey, BGR or BGRA samples."""
    return cv2.imencode(".png", samples)[1].tobytes()


def decoded(data):
    """The samples of a file, as they are in it."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
