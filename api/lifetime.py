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
    """Context in which SIGTERM and Ctrl-C stop the workshop, and then do what the server does with them.

    The server alone would close its port at once, and programs would not learn how their jobs end. After SIGTERM it
    serves until the work has ended, so that programs see that and fetch the results.
    """
    if threading.current_thread() is not threading.main_thread():  # signals arrive there alone
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ends: set[asyncio.Task[None]] = set()  # the loop itself holds its tasks weakly

    def pass_on(number: int) -> None:
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, None)

    async def end() -> None:
        try:
            await asyncio.to_thread(shop.stop, shop.config.stop_seconds)
        finally:
            pass_on(signal.SIGTERM)

    async def end_at_once() -> None:
        await asyncio.to_thread(shop.stop)

    def begin(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            pass_on(number)
        work = end if number == signal.SIGTERM else end_at_once
        loop.call_soon_threadsafe(lambda: ends.add(loop.create_task(work())))  # whoever is interrupted may hold a lock

    for number in before:
        signal.signal(number, begin)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
