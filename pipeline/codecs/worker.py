"""Call functions in a worker process: a decoder that crashes, hangs or grows costs one file its result, no more.

Workers are started when they are needed, kept for the next file, and replaced when they die. They protect against
faults, not against an attacker who takes a decoder over: a worker has the rights of its user.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pipeline.codecs import shared
from pipeline.codecs.bounds import Bounds

T = TypeVar("T")
_ROOT = Path(__file__).parents[2]
_CODE = "import sys; from pipeline.codecs.serve import main; main(int(sys.argv[1]))"
_HANGING = 10
"""Seconds of waiting for each second of computing; other processes may keep all cores busy."""


class WorkerLost(Exception):
    """The worker died or hung; the text says which, as the end of a sentence."""


class Workers:
    """Worker processes, at most one for each core at the same time."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(max(os.cpu_count() or 1, 2))
        self._idle: list[_Worker] = []

    def call(self, function: Callable[..., T], *arguments: object, bounds: Bounds) -> T:
        """Return what a function returns in a worker, or raise what it raises.

        Where no memory can be shared, as on Windows, it is called in this process, and without bounds.

        Parameters
        ----------
        function : callable
            Of the top level of a module.
        *arguments : object
            Whatever pickle takes; arrays are handed over in shared memory.
        bounds : Bounds
            What it may take.

        Raises
        ------
        WorkerLost
            If the worker died, ran out of time or hung.
        """
        if not shared.AVAILABLE:
            return function(*arguments)
        with self._turns:
            worker = self._ready()
            try:
                result, error, is_spent = worker.call(function, arguments, bounds)
            except BaseException:
                worker.close()
                raise
            if is_spent:
                worker.close()
            else:
                self._idle.append(worker)
        if error is not None:
            raise error
        return result

    def _ready(self) -> "_Worker":
        """Return an idle worker that still lives, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.lives():
                return worker
            worker.close()
        return _Worker()

    def warm(self) -> None:
        """Start a worker without waiting for it, so that the first file finds it ready."""
        if shared.AVAILABLE and not self._idle:
            self._idle.append(_Worker())

    def close(self) -> None:
        """End the idle workers."""
        while self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """Leave the workers to the process that this one was forked from."""
        self._idle.clear()


class _Worker:
    """One worker process, and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        self._channel = shared.Channel(self._socket, keeps=True)
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, str(other.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # where C libraries complain about files
                env={**os.environ, "PYTHONPATH": path},
                pass_fds=(other.fileno(),),
            )

    def call(self, function: Callable[..., Any], arguments: tuple[object, ...], bounds: Bounds) -> Any:
        """Return the worker's answer; see `pipeline.codecs.serve.Answer`."""
        patience = _HANGING * (bounds.seconds + 1)
        try:
            self._socket.settimeout(patience)
            self._channel.send((function, arguments, bounds))
            return self._channel.receive()
        except TimeoutError as error:
            msg = f"it took longer than {patience:.0f} s"
            raise WorkerLost(msg) from error
        except (EOFError, ConnectionError) as error:
            raise WorkerLost(self._why(bounds)) from error

    def lives(self) -> bool:
        """Return whether the process is still there."""
        return self._process.poll() is None

    def _why(self, bounds: Bounds) -> str:
        """Say why the process ended."""
        if self._process.wait(_HANGING) == -signal.SIGXCPU:
            return f"it took longer than {bounds.seconds:.0f} s"
        return "the decoder or encoder crashed"

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


workers = Workers()
"""The workers of this process."""

atexit.register(workers.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.forget)
