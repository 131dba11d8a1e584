"""Many visitors at once, and what that does to the studio."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.load.page import Page
from benchmarks.load.watch import Seen, percentile, watching
from examples.screen import free_port, running

_ASPECT = 1.5
_QUALITY = 92
_GRAIN = 11.0
_DRIP_S = 2.0
_IDLE_S = 5
_BETWEEN_S = 0.1
_PATIENCE_S = 600


@dataclass(frozen=True)
class Load:
    """How much of everything."""

    megapixels: float = 24
    uploads: int = 40
    restorations: int = 20
    pages: int = 100
    slow: int = 200
    after: float = 60
    """Seconds without any load at the end."""


def tables(load: Load) -> Iterator[str]:
    """Yield the lines of the report on one server under a load, each as soon as it is known."""
    port = free_port()
    with running(port, {}) as server, asyncio.Runner() as runner:
        scenario = _Scenario(port, load)
        with watching(port, server.pid) as seen:
            yield "| phase | answers | `/` 50 % ms | `/` 99 % ms | `/` longest ms | memory 50 % MB | memory, peak MB |"
            yield "|---|---|---|---|---|---|---|"
            for name, step in scenario.steps().items():
                runner.run(step())
                yield _row(name, seen())
    yield ""
    yield from scenario.told()


def _row(name: str, seen: Seen) -> str:
    times = (percentile(seen.seconds, 0.5), percentile(seen.seconds, 0.99), max(seen.seconds))
    memory = (percentile(seen.memory, 0.5), max(seen.memory))
    figures = [*(f"{each * 1000:.0f}" for each in times), *(f"{each:.0f}" for each in memory)]
    return f"| {name} | {len(seen.seconds)} | {' | '.join(figures)} |"


class _Scenario:
    """What visitors do, step by step, and what they are told."""

    def __init__(self, port: int, load: Load) -> None:
        self._port = port
        self._load = load
        self._photograph = picture(load.megapixels)
        self._pages = [Page(port) for _ in range(load.pages + load.uploads)]
        self._visitors = self._pages[load.pages :]
        self._slow: list[asyncio.Task[None]] = []
        self._uploaded: list[float] = []
        self._restored: list[float] = []
        self._placed = 0
        self._refused: list[str] = []

    def steps(self) -> Mapping[str, Callable[[], Coroutine[None, None, None]]]:
        """Return what happens, in order."""
        load = self._load
        return {
            "idle": lambda: asyncio.sleep(_IDLE_S),
            f"{len(self._pages)} pages open": self._open,
            f"{load.slow} slow connections": self._drip,
            f"{load.uploads} uploads": lambda: self._all(self._upload, self._visitors),
            f"{load.restorations} restorations": lambda: self._all(self._restore, self._visitors[: load.restorations]),
            "after, pages closed": self._close,
            f"{load.after:g} s after": lambda: asyncio.sleep(_IDLE_S),
        }

    def told(self) -> Iterator[str]:
        """Yield what visitors saw."""
        load, uploaded, restored = self._load, self._uploaded, self._restored
        yield f"{len(uploaded)} of {load.uploads} photographs of {load.megapixels:g} megapixels had their settings on"
        yield f"the page after {percentile(uploaded, 0.5):.1f} s (median), {max(uploaded):.1f} s (longest)."
        yield f"{len(restored)} of {load.restorations} visitors had their result after"
        yield f"{percentile(restored, 0.5):.0f} s (median), {max(restored):.0f} s (longest); {self._placed} were told"
        yield f"their place meanwhile, and {len(self._refused)} were refused."
        yield from self._refused

    async def _open(self) -> None:
        for page in self._pages:
            await page.open()
            await asyncio.sleep(_BETWEEN_S)
        await asyncio.gather(*(page.until(lambda page: page.runs > 0) for page in self._pages))

    async def _drip(self) -> None:
        pages = self._pages[: self._load.pages]
        drips = (_drip(self._port, pages[n % len(pages)], is_body=n % 2 == 1) for n in range(self._load.slow))
        self._slow = [asyncio.create_task(drip) for drip in drips]
        await asyncio.sleep(_IDLE_S)

    async def _all(self, act: Callable[[Page], Coroutine[None, None, None]], visitors: Sequence[Page]) -> None:
        await asyncio.gather(*(act(visitor) for visitor in visitors))

    async def _upload(self, visitor: Page) -> None:
        started = time.perf_counter()
        await visitor.upload("drop.0", "photograph.jpg", self._photograph)
        await visitor.until(lambda page: "restore" in page.widgets, _PATIENCE_S)
        self._uploaded.append(time.perf_counter() - started)

    async def _restore(self, visitor: Page) -> None:
        started = time.perf_counter()
        await visitor.click("restore")
        await visitor.until(lambda page: bool(page.errors) or _is_restored(page), _PATIENCE_S)
        self._placed += any("ahead of yours" in text for text in visitor.texts)
        if visitor.errors:
            self._refused += visitor.errors
        else:
            self._restored.append(time.perf_counter() - started)

    async def _close(self) -> None:
        for task in self._slow:
            task.cancel()
        await asyncio.gather(*self._slow, return_exceptions=True)
        await asyncio.gather(*(page.close() for page in self._pages))
        await asyncio.sleep(self._load.after)


def _is_restored(page: Page) -> bool:
    return any(key.startswith("reference.") for key in page.widgets)


async def _drip(port: int, page: Page, *, is_body: bool) -> None:
    """Send a request byte by byte: its headers, or the body of an upload."""
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Slow: "
    if is_body:
        lines = {"Host": f"127.0.0.1:{port}", "Content-Length": "9000000", **page.form_headers()}
        address = f"/_stcore/upload_file/{page.session}/slow"
        head = f"PUT {address} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    with suppress(ConnectionError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(head.encode())
            while True:
                writer.write(b"-")
                await writer.drain()
                await asyncio.sleep(_DRIP_S)
        finally:
            writer.close()


def picture(megapixels: float) -> bytes:
    """Return a JPEG of so many megapixels with the grain of a scan, about 0.4 bytes a pixel."""
    width = round((megapixels * 1e6 * _ASPECT) ** 0.5)
    height = round(width / _ASPECT)
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (24, 36, 3), np.uint8)
    scene = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, _GRAIN, (height, width, 1)).astype(np.int16)
    noisy = np.clip(scene + grain, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
