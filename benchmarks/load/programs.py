"""Many programs at the HTTP API at once: cancels, broken connections, and what becomes of every job."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.load.page import Answer, request
from benchmarks.load.watch import percentile, watching
from examples.screen import free_port, running

_SETTINGS = {"version": 2, "stages": {"denoise": {}, "upscale": {"scale": 2}}}
_WAYS = ("plain", "plain", "broken while it is sent", "broken before the answer", "cancelled")
"""What programs do with their jobs, in turns."""

_ENDS = ("done", "failed", "cancelled")
_AGAIN_S = 0.5


@dataclass(frozen=True)
class Crowd:
    """How many of everything."""

    programs: int = 50
    jobs: int = 200
    side: int = 64
    """Of the pictures, in pixels."""


def lines(crowd: Crowd) -> Iterator[str]:
    """Yield the lines of the report on one server, of which each program has a token of its own."""
    port = free_port()
    tokens = [f"token-of-program-{number:04}" for number in range(crowd.programs)]
    with running(port, {"STUDIO_API_TOKENS": ",".join(tokens)}) as server, watching(port, server.pid) as seen:
        jobs = [_Job(port, tokens[n % len(tokens)], n, crowd.side) for n in range(crowd.jobs)]
        started = time.perf_counter()
        asyncio.run(_all(jobs, len(tokens)))
        seconds, answers = time.perf_counter() - started, seen().seconds
    ended = Counter(job.state for job in jobs)
    yield f"{len(jobs)} jobs of {len(tokens)} programs ended in {seconds:.0f} s: {dict(ended)}."
    yield f"{sum(job.refusals for job in jobs)} times a program was told to come back later."
    yield f"{sum(job.is_lost for job in jobs)} results were lost, {sum(job.is_changed for job in jobs)} states changed"
    yield f"after their end. `/` answered {len(answers)} times: {percentile(answers, 0.5) * 1000:.0f} ms (median),"
    yield f"{percentile(answers, 0.99) * 1000:.0f} ms (99 %), {max(answers) * 1000:.0f} ms (longest)."


async def _all(jobs: Sequence["_Job"], programs: int) -> None:
    await asyncio.gather(*(_program(jobs[number::programs]) for number in range(programs)))
    for job in jobs:
        await job.check()


async def _program(jobs: Sequence["_Job"]) -> None:
    """Submit all jobs of a program, then ask for each until it has ended."""
    for job in jobs:
        await job.submit()
    for job in jobs:
        await job.follow()


class _Job:
    """A job, as its program sees it."""

    def __init__(self, port: int, token: str, number: int, side: int) -> None:
        self._port = port
        self._path = f"/api/v1/jobs/job-{number}"
        self._way = _WAYS[number % len(_WAYS)]
        self._body = _form(number, side)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=edge"}
        self.state = ""
        self.refusals = 0
        self.is_lost = self.is_changed = False

    async def submit(self) -> None:
        """Submit it until it is taken."""
        if self._way.startswith("broken"):
            await self._break(len(self._body) // 2 if self._way == "broken while it is sent" else len(self._body))
        while (await self._ask("PUT", body=self._body)).status not in (200, 202):
            self.refusals += 1
            await asyncio.sleep(_AGAIN_S)
        if self._way == "cancelled":
            await self._ask("DELETE")

    async def follow(self) -> None:
        """Ask until it has ended."""
        while (state := await self._state()) not in _ENDS:
            await asyncio.sleep(_AGAIN_S)
        self.state = state

    async def check(self) -> None:
        """Look whether its state is still the same, and its result is there."""
        result = await self._ask("GET", "/result")
        is_there = cv2.imdecode(np.frombuffer(result.body, np.uint8), cv2.IMREAD_COLOR) is not None
        self.is_changed = await self._state() != self.state
        self.is_lost = self.state == "done" and not (result.status == 200 and is_there)

    async def _state(self) -> str:
        return str(json.loads((await self._ask("GET")).body)["state"])

    async def _ask(self, method: str, more: str = "", body: bytes = b"") -> Answer:
        return await request(self._port, self._path + more, method=method, headers=self._headers, body=body)

    async def _break(self, sent: int) -> None:
        """Send so many bytes of the form, and break the connection."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        fields = {"Host": f"127.0.0.1:{self._port}", "Content-Length": str(len(self._body)), **self._headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"PUT {self._path} HTTP/1.1\r\n{head}\r\n".encode() + self._body[:sent])
        await writer.drain()
        writer.transport.abort()


def _form(number: int, side: int) -> bytes:
    """Return a form with a picture of noise, another one for each number."""
    samples = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    data = cv2.imencode(".png", samples)[1].tobytes()
    settings = f'--edge\r\nContent-Disposition: form-data; name="settings"\r\n\r\n{json.dumps(_SETTINGS)}\r\n'
    file = '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return (settings + file).encode() + data + b"\r\n--edge--\r\n"
