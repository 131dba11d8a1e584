"""The worker process: calls functions for another process until that one is gone."""

import os
import select
import signal
import socket
import threading
import traceback
from collections.abc import Callable
from typing import Any

from pipeline.codecs import shared
from pipeline.codecs.bounds import Bounds, held, taken
from pipeline.errors import StudioError

_MOST_KEPT = 150_000_000
"""Bytes more than before the first call, with the answer, that a process may keep."""

Answer = tuple[Any, Exception | None, bool]
"""What a function returned, what it raised, and whether the process is spent: what it keeps would be missing later."""


def main(fd: int) -> None:
    """Answer what comes over a socket: a function, its arguments and its bounds.

    Parameters
    ----------
    fd : int
        The socket, which the process that started this one has opened.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal goes to a whole group
    threading.Thread(target=_end_with_the_other, args=(fd,), daemon=True).start()
    channel = shared.Channel(socket.socket(fileno=fd), keeps=False)
    at_first = 0
    while True:
        try:
            function, arguments, bounds = channel.receive()
        except EOFError:
            os._exit(0)  # threads of libraries do not hold it up
        except (ImportError, AttributeError) as error:  # a function of a script, which only its own process knows
            channel.send((None, error, False))
            continue
        at_first = at_first or taken()
        answer = _called(function, arguments, bounds)
        del arguments
        channel.send((*answer, taken() - at_first > _MOST_KEPT))
        del answer


def _end_with_the_other(fd: int) -> None:
    """End this process when the other one is gone, also where a decoder hangs."""
    poll = select.poll()
    poll.register(fd, 0)  # being hung up is always told
    poll.poll()
    os._exit(0)


def _called(function: Callable[..., Any], arguments: tuple[Any, ...], bounds: Bounds) -> tuple[Any, Exception | None]:
    """Return what a function returns, and what it raises."""
    try:
        with held(bounds):
            return function(*arguments), None
    except Exception as error:  # noqa: BLE001 - the other process raises it
        if not isinstance(error, StudioError):  # a fault of the studio, to be found
            error.add_note("".join(traceback.format_tb(error.__traceback__)))
        return None, error
