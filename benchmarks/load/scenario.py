"""Many visitors at once, and what that does to the studio."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import cv2
import numpy as np

from benchmarks.load.page import Page
from benchmarks.load.watch import Seen, children, percentile, watching
from examples.screen import serving

_ASPECT = 1.5
_QUALITY = 92
_GRAIN = 11.0
_DRIP_S = 2.0
_IDLE_S = 5
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


@dataclass
class Told:
    """What visitors saw."""

    uploaded: list[float] = field(default_factory=list)
    """Seconds from a photograph to its settings on the page."""

    restored: list[float] = field(default_factory=list)
    """Seconds from Restore to the result on the page."""

    placed: int = 0
    """Visitors who were told their place in the queue."""

    refused: list[str] = field(default_factory=list)


def tables(load: Load) -> Iterator[str]:
    """Yield the lines of the report on one server under a load."""
    with serving() as url:
        (server,) = children(os.getpid())
        port = int(url.rsplit(":", 1)[1])
        with watching(port, server) as seen:
            told, phases = asyncio.run(_run(port, load, seen))
    yield "| phase | answers | `/` 50 % ms | `/` 99 % ms | `/` longest ms | memory, median MB | memory, peak MB |"
    yield "|---|---|---|---|---|---|---|"
    for phase, seen_then in phases.items():
        seconds, memory = seen_then.seconds, seen_then.memory
        times = (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds))
        figures = (*(f"{each * 1000:.0f}" for each in times), f"{percentile(memory, 0.5):.0f}", f"{max(memory):.0f}")
        yield f"| {phase} | {len(seconds)} | {' | '.join(figures)} |"
    yield ""
    yield f"{len(told.uploaded)} of {load.uploads} photographs of {load.megapixels:g} megapixels could be restored"
    yield f"after {percentile(told.uploaded, 0.5):.1f} s (median), {max(told.uploaded):.1f} s (longest)."
    yield f"{len(told.restored)} of {load.restorations} visitors had their result after"
    yield f"{percentile(told.restored, 0.5):.0f} s (median), {max(told.restored):.0f} s (longest);"
    yield f"{told.placed} were told their place meanwhile, and {len(told.refused)} were refused."
    yield from told.refused


async def _run(port: int, load: Load, seen: Callable[[], Seen]) -> tuple[Told, dict[str, Seen]]:
    told, photograph = Told(), picture(load.megapixels)
    phases: dict[str, Seen] = {}
    seen()
    await asyncio.sleep(_IDLE_S)
    phases["idle"] = seen()
    async with AsyncExitStack() as stack:
        pages = [Page(port) for _ in range(load.pages + load.uploads)]
        await asyncio.gather(*(stack.enter_async_context(page) for page in pages))
        await asyncio.gather(*(page.until(lambda page: page.runs > 0) for page in pages))
        phases[f"{len(pages)} pages open"] = seen()
        slow = [asyncio.create_task(_drip(port, pages[n % load.pages], n)) for n in range(load.slow)]
        await asyncio.sleep(_IDLE_S)
        phases[f"{load.slow} slow connections"] = seen()
        visitors = pages[load.pages :]
        await asyncio.gather(*(_upload(visitor, photograph, told) for visitor in visitors))
        phases[f"{load.uploads} uploads"] = seen()
        await asyncio.gather(*(_restore(visitor, told) for visitor in visitors[: load.restorations]))
        phases[f"{load.restorations} restorations"] = seen()
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
    await asyncio.sleep(load.after)
    phases["after"] = seen()
    await asyncio.sleep(_IDLE_S)
    phases[f"{load.after:g} s after"] = seen()
    return told, phases


async def _upload(visitor: Page, photograph: bytes, told: Told) -> None:
    started = time.perf_counter()
    await visitor.until(lambda page: "drop.0" in page.widgets)
    await visitor.upload("drop.0", "photograph.jpg", photograph)
    await visitor.until(lambda page: "restore" in page.widgets, _PATIENCE_S)
    told.uploaded.append(time.perf_counter() - started)


async def _restore(visitor: Page, told: Told) -> None:
    started = time.perf_counter()
    await visitor.click("restore")
    await visitor.until(lambda page: bool(page.errors) or "cancel" in page.widgets, _PATIENCE_S)
    await visitor.until(lambda page: bool(page.errors) or _is_restored(page), _PATIENCE_S)
    told.placed += any("ahead of yours" in text for text in visitor.texts)
    if visitor.errors:
        told.refused += visitor.errors
    else:
        told.restored.append(time.perf_counter() - started)


def _is_restored(page: Page) -> bool:
    return any(key.startswith("reference.") for key in page.widgets)


async def _drip(port: int, page: Page, number: int) -> None:
    """Send a request byte by byte: its headers, or the body of an upload."""
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Slow: "
    if number % 2:
        lines = {"Host": f"127.0.0.1:{port}", "Content-Length": "9000000", **page.form_headers()}
        address = f"/_stcore/upload_file/{page.session}/slow-{number}"
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
