"""A server that is asked to stop: what runs may end, what waits is given back, and all are told."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from examples.screen import free_port
from pipeline.config import Config
from studio import remote
from studio.workshop import Workshop
from tests.api.asking import blocked
from tests.api.v1.asking import TOKEN, Program, picture, refused, served, until
from tests.api.v1.test_remote import listening

ROOT = Path(__file__).parents[3]
ENLARGE = {"version": 2, "stages": {"upscale": {"scale": 4}}}


@contextmanager
def server(command, **settings):
    """A server in a process of its own; the context is the process, and a program with a token."""
    variables = {f"STUDIO_{name}": str(value) for name, value in settings.items()} | {"STUDIO_API_TOKENS": TOKEN}
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, f"{port}"],
        **{"cwd": ROOT, "env": os.environ | variables, "text": True, "stdout": subprocess.DEVNULL},
        stderr=subprocess.PIPE,
    )
    try:
        with Program(f"http://127.0.0.1:{port}/api/v1", TOKEN) as program:
            end = time.monotonic() + 120
            while not _is_ready(program):
                assert time.monotonic() < end
                time.sleep(0.1)
            yield process, program
    finally:
        process.kill()
        process.communicate()


def _is_ready(program):
    try:
        return program.ask("GET", "/ready").ok
    except requests.ConnectionError:
        return False


def last_event(program, job, begun):
    """The last document that the events of a job send."""
    answer = program.ask("GET", f"/jobs/{job}/events", stream=True)
    begun.release()
    lines = [line for line in answer.iter_lines(decode_unicode=True) if line.startswith("data:")]
    return json.loads(lines[-1].removeprefix("data:"))


PAGE = ("streamlit", "run", "app.py", "--server.headless=true", "--server.port")
ALONE = ("api", "--port")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "seconds", "size", "state", "code"),
    [(ALONE, 120, 300, "done", None), (PAGE, 1, 1400, "cancelled", "server-stopped")],
)
def test_a_job_that_runs_gets_some_seconds_and_everybody_is_told(command, seconds, size, state, code):
    begun = threading.Semaphore(0)
    with server(command, STOP_SECONDS=seconds) as (process, program), ThreadPoolExecutor(4) as threads:
        program.submit(picture(size=size), ENLARGE, known_as="runs")
        program.submit(picture(1), known_as="waits")
        with_picture = threads.submit(program.submit, picture(size=size), ENLARGE, known_as="runs", wait=60)
        with_refusal = threads.submit(program.submit, picture(1), known_as="waits", wait=60)
        events = [threads.submit(last_event, program, job, begun) for job in ("runs", "waits")]
        for _ in events:
            assert begun.acquire(timeout=60)
        while program.state("runs")["state"] != "running":
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        runs, waits = (each.result(120) for each in events)
        assert (runs["state"], (runs["error"] or {}).get("code")) == (state, code)
        assert (waits["state"], waits["error"]["code"]) == ("cancelled", "server-stopped")
        refused(with_refusal.result(120), 503, "server-stopped")
        assert with_picture.result(120).status_code == (503 if code else 200)
        said = process.communicate(timeout=120)[1]
        assert process.returncode in (0, -signal.SIGTERM)
        assert "Traceback" not in said, said


@pytest.mark.slow
@pytest.mark.parametrize("command", [ALONE, PAGE])
def test_new_connections_are_served_until_the_last_result_is_fetched(command):
    with server(command, STOP_SECONDS=120) as (process, program):
        program.submit(picture(size=300), ENLARGE, known_as="runs")
        until(lambda: program.state("runs")["state"] == "running")
        process.send_signal(signal.SIGTERM)
        program.headers["Connection"] = "close"
        until(lambda: program.ask("GET", "/ready").status_code == 503)
        refused(program.ask("GET", "/ready"), 503, "service-unavailable")
        answer = program.submit(picture(1))
        assert "in a minute" in refused(answer, 503, "server-stopped")
        assert answer.headers["Retry-After"] == "60"
        assert program.until_ended("runs")["state"] == "done"
        time.sleep(1)  # as long as a program sleeps that asks now and then
        assert program.ask("GET", "/jobs/runs/result").content.startswith(b"\x89PNG")
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGTERM)


def test_webhooks_of_jobs_that_are_given_back_are_told(monkeypatch):
    monkeypatch.setattr(remote, "is_public", lambda _: True)
    with closing(Workshop(Config(api_tokens=(TOKEN,)))) as shop, listening(shop, monkeypatch) as host:
        with served(shop) as url, Program(url, TOKEN) as program, blocked(shop._networks):
            urls = {"output_url": f"{host}/out", "webhook_url": f"{host}/hook"}
            program.ask("PUT", "/jobs/back", files={"file": ("a.png", picture())}, data=urls)
            stopping = threading.Thread(target=shop.stop, args=(0,))
            stopping.start()
            while not shop._networks.is_closed:
                time.sleep(0.01)
            refused(program.ask("GET", "/ready"), 503, "service-unavailable")
            refused(program.submit(picture(2)), 503, "server-stopped")
            refused(program.ask("GET", "/jobs/back/result"), 503, "server-stopped")
        stopping.join()
        ((method, path, _, body),) = host.server.taken
    told = json.loads(body)
    assert (method, path, told["state"], told["error"]["code"]) == ("POST", "/hook", "cancelled", "server-stopped")
    assert told["delivered"] == {"output": "failed", "webhook": "waiting"}
