"""What a person waits for on the studio's page: its start in a real browser, and the live finish."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.pixels import unit
from benchmarks.speed import rivals, timing
from benchmarks.speed.races import Request
from pipeline.finish import Finish
from studio.layers import Layers
from studio.view import View

if TYPE_CHECKING:  # it is optional
    from playwright.sync_api import Browser

LARGE = 32
"""Megapixels of the result that is finished."""

_GALLERY = '[class*="st-key-try"] button'
_DROP_ZONE = "input[type=file]"
_SCREEN = (1600, 1200)
_FINISH = Finish(blur=0.5, sharpen=0.6)


@dataclass(frozen=True)
class Wait:
    """The seconds of one start."""

    server: float
    """From the command to the server's first answer."""

    first: float
    """From calling the address to a drop zone and a gallery that can be clicked."""

    second: float
    """The same for the next visitor."""


def start(request: Request) -> Iterator[str]:
    """Yield the table of a fresh server's first page, and of the next visitor's; needs playwright.

    Raises
    ------
    FileNotFoundError
        If Chromium is not installed.
    """
    if reason := rivals.missing("playwright"):
        yield f"Not measured: {reason}."
        return
    from examples.screen import chromium

    with chromium() as browser:
        waits = [wait(browser) for _ in range(request.rounds)]
    yield "| page, in Chromium | median s |"
    yield "|---|---|"
    yield f"| server answers, from the command | {median(w.server for w in waits):.2f} |"
    yield f"| first visitor's page can be used, from the call | {median(w.first for w in waits):.2f} |"
    yield f"| next visitor's page can be used, from the call | {median(w.second for w in waits):.2f} |"


def wait(browser: "Browser") -> Wait:
    """Return the seconds of one start: a server is started, visited twice and stopped."""
    from examples.screen import serving

    started = time.perf_counter()
    with serving() as url:
        server = time.perf_counter() - started
        return Wait(server, _visit(browser, url), _visit(browser, url))


def finish(request: Request) -> Iterator[str]:
    """Yield the table of the live finish on a large result: the part on a screen, and the whole."""
    large = unit(request.picture(LARGE))
    height, width = large.shape[:2]
    whole = View(0, 0, width, height, _SCREEN[0], round(_SCREEN[0] * height / width))
    corner = View(width // 3, height // 3, *_SCREEN, *_SCREEN)
    with tempfile.TemporaryDirectory() as folder:
        layers = Layers(Path(folder))
        layers.add("photo", large)
        looks: dict[str, Callable[[], object]] = {
            "the whole, reduced to a screen": lambda: layers.look(whole, [1.0], _FINISH),
            "a part, pixel by pixel": lambda: layers.look(corner, [1.0], _FINISH),
            "all of it, in full": lambda: _FINISH.apply(large),
        }
        for look in looks.values():
            look()
        seconds = timing.take_turns(looks, request.rounds)
    yield f"{width}x{height} pixels, blur {_FINISH.blur} and sharpen {_FINISH.sharpen}:"
    yield ""
    yield "| finish | median ms |"
    yield "|---|---|"
    for name, taken in seconds.items():
        yield f"| {name} | {median(taken) * 1e3:.0f} |"


def _visit(browser: "Browser", url: str) -> float:
    with browser.new_context() as visitor:
        page = visitor.new_page()
        started = time.perf_counter()
        page.goto(url)
        page.locator(_DROP_ZONE).wait_for(state="attached")
        page.locator(_GALLERY).first.click(trial=True)
        return time.perf_counter() - started
