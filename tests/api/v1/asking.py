"""A program that uses the API over a real connection."""

import json
import threading
import time
from contextlib import contextmanager

import cv2
import numpy as np
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from api.v1.routes import application

TOKEN, OTHER = "the-token-of-a-program", "the-token-of-another"
SHARPEN = {"version": 2, "stages": {"sharpen": {"amount": 0.5}}}
ENDS = ("done", "failed", "cancelled")


@contextmanager
def served(shop):
    """Serve the API of a workshop; the context is its address."""
    api = application(lambda: shop)
    api.state.workshop = shop
    app = Starlette(routes=[Mount("/api/v1", app=api)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/api/v1"
    finally:
        server.should_exit = True
        thread.join()


class Program(requests.Session):
    """Requests with a token."""

    def __init__(self, url, token):
        super().__init__()
        self.url = url
        self.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method, path, **options):
        return self.request(method, self.url + path, timeout=60, **options)

    def submit(self, data, settings=SHARPEN, output=None, *, known_as="", wait=0, name="photo.png"):
        """Submit a photograph; `known_as`: by PUT under this id."""
        fields = {"settings": json.dumps(settings)} | ({"output": json.dumps(output)} if output else {})
        method, path = ("PUT", f"/jobs/{known_as}") if known_as else ("POST", "/jobs")
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        return self.ask(method, path, files={"file": (name, data)}, data=fields, headers=headers)

    def state(self, known_as):
        return self.ask("GET", f"/jobs/{known_as}").json()

    def until_ended(self, known_as):
        """Ask until a job has ended, and return its document."""
        until = time.monotonic() + 60
        while (said := self.state(known_as))["state"] not in ENDS and time.monotonic() < until:
            time.sleep(0.02)
        return said


def picture(seed=0, size=40):
    """A PNG of noise, another one for each seed."""
    samples = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    return cv2.imencode(".png", samples)[1].tobytes()


def refused(answer, status, code):
    """Check that an answer is a problem, and return its detail."""
    said = answer.json()
    assert (answer.status_code, said["status"], said["code"]) == (status, status, code), said
    assert answer.headers["Content-Type"] == "application/problem+json"
    return said["detail"]


def until(is_true):
    """Wait until something is true."""
    end = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)
