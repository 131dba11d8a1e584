"""The life of a workshop in its server: opened at the start, stopped by the server's signals, closed at the end."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType

from studio import local
from studio.workshop import Workshop

_LOG = logging.getLogger(__name__)


@contextmanager
def opened(workshop: Callable[[], Workshop], host: str) -> Iterator[Workshop]:
    """Context with the workshop of a server, which is closed at its end; enter it in the server's loop.

    Parameters
    ----------
    workshop : callable
        Returns the workshop.
    host : str
        Address that the server listens at; empty where it was not given.
    """
    os.umask(0o077)  # photographs are for the server's user alone
    with closing(workshop()) as shop, _stopped_by_signals(shop):
        if host and not local.is_loopback(host) and not shop.config.api_tokens:
            _LOG.warning(
                "Listening at %s without STUDIO_API_TOKENS: /api/v1 serves no programs but those on this machine.", host
            )
        yield shop


@contextmanager
def _stopped_by_signals(shop: Workshop) -> Iterator[None]:
    """Context in which SIGTERM and Ctrl-C stop the workshop, before the server does what it does with them.

    The server would wait first for requests that wait for jobs, and tell nobody that it ends.
    """
    if threading.current_thread() is not threading.main_thread():  # signals arrive there alone
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def begin(number: int, frame: FrameType | None) -> None:
        seconds = shop.config.stop_seconds if number == signal.SIGTERM else 0
        stop = threading.Thread(target=shop.stop, args=(seconds,), name="studio-stop")
        loop.call_soon_threadsafe(stop.start)  # the signal may have interrupted whoever holds a lock
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, begin)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
