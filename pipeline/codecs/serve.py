"""The worker process: calls functions for another process until that one is gone."""

import os
import signal
import socket
import traceback
from collections.abc import Callable
from typing import Any

from pipeline.codecs import shared
from pipeline.codecs.bounds import Bounds, held
from pipeline.errors import StudioError


def main(fd: int) -> None:
    """Answer what comes over a socket: a function, its arguments and its bounds.

    Parameters
    ----------
    fd : int
        The socket, which the process that started this one has opened.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal goes to a whole group
    channel = shared.Channel(socket.socket(fileno=fd), keeps=False)
    while True:
        try:
            function, arguments, bounds = channel.receive()
        except EOFError:
            os._exit(0)  # threads of libraries do not hold it up
        except (ImportError, AttributeError) as error:  # a function of a script, which only its own process knows
            channel.send((None, error))
            continue
        answer = _called(function, arguments, bounds)
        del arguments
        channel.send(answer)
        del answer


def _called(function: Callable[..., Any], arguments: tuple[Any, ...], bounds: Bounds) -> tuple[Any, Exception | None]:
    """Return what a function returns, and what it raises."""
    try:
        with held(bounds):
            return function(*arguments), None
    except Exception as error:  # noqa: BLE001 - the other process raises it
        if not isinstance(error, StudioError):  # a fault of the studio, to be found
            error.add_note("".join(traceback.format_tb(error.__traceback__)))
        return None, error
