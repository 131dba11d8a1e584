"""Measure a server under load: the time of an answer, and the memory of all its processes."""

import http.client
import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

_PROC = Path("/proc")
_EVERY_S = 0.1
_MEMORY_EVERY_S = 0.5
_TIMEOUT_S = 60


@dataclass
class Seen:
    """What was seen between two moments."""

    seconds: list[float]
    """Of each answer; infinite where there was none."""

    memory: list[float]
    """Resident memory of all processes in MB; pages that two of them share count twice."""


@contextmanager
def watching(port: int, server: int) -> Iterator[Callable[[], Seen]]:
    """Ask for the page ten times a second; call what the context is for what was seen since the last call.

    A process of its own asks, so that its own work does not count.

    Parameters
    ----------
    port : int
        Of the studio on this computer.
    server : int
        Its process.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_watch, args=(port, server, there), daemon=True)
    process.start()

    def seen() -> Seen:
        here.send(None)
        return Seen(*here.recv())

    seen()
    try:
        yield seen
    finally:
        process.terminate()
        process.join()


def _watch(port: int, server: int, answers: Connection) -> None:
    seconds: list[float] = []
    memory: list[float] = []
    seen = 0.0
    while True:
        threading.Thread(target=lambda: seconds.append(_ask(port)), daemon=True).start()
        if time.monotonic() - seen > _MEMORY_EVERY_S:
            memory.append(resident(server))
            seen = time.monotonic()
        if answers.poll(_EVERY_S):
            answers.recv()
            seconds.append(_ask(port))  # the shortest phase has one of each, too
            memory.append(resident(server))
            answers.send((list(seconds), list(memory)))
            seconds.clear()
            memory.clear()


def _ask(port: int) -> float:
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/", headers={"Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return math.inf
    finally:
        connection.close()
    return time.perf_counter() - started if answer.status == 200 else math.inf


def resident(ancestor: int) -> float:
    """Return the resident memory of a process and all its descendants in MB."""
    parents, memory = {}, {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            fields = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
        parents[int(fields["Pid"])] = int(fields["PPid"])
        memory[int(fields["Pid"])] = int(fields.get("VmRSS", "0").split()[0]) / 1000
    return sum(size for process, size in memory.items() if _descends(process, ancestor, parents))


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process != ancestor and process in parents:
        process = parents[process]
    return process == ancestor


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that so many of them do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]
