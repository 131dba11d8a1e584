"""How long a person waits for the studio's page, in a real browser."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Browser

from benchmarks.speed.races import Asked
from examples.screen import chromium, serving

_GALLERY = '[class*="st-key-try"] button'
_DROP_ZONE = "input[type=file]"


@dataclass(frozen=True)
class Wait:
    """The seconds of one start."""

    server: float
    """From the command to the server's first answer."""

    first: float
    """From the call of the address to a drop zone and a gallery that can be clicked."""

    second: float
    """The same for the next visitor."""


def tables(asked: Asked) -> Iterator[str]:
    """Yield the table of a fresh server's first page, and of the next visitor's.

    Raises
    ------
    FileNotFoundError
        If Chromium is not installed.
    """
    with chromium() as browser:
        waits = [wait(browser) for _ in range(asked.rounds)]
    yield "| page, in Chromium | median s |"
    yield "|---|---|"
    yield f"| server answers, from the command | {median(w.server for w in waits):.2f} |"
    yield f"| first visitor's page can be used, from the call | {median(w.first for w in waits):.2f} |"
    yield f"| next visitor's page can be used, from the call | {median(w.second for w in waits):.2f} |"


def wait(browser: Browser) -> Wait:
    """Start a server, visit it twice, and stop it."""
    started = time.perf_counter()
    with serving() as url:
        server = time.perf_counter() - started
        return Wait(server, _visit(browser, url), _visit(browser, url))


def _visit(browser: Browser, url: str) -> float:
    with browser.new_context() as visitor:
        page = visitor.new_page()
        started = time.perf_counter()
        page.goto(url)
        page.locator(_DROP_ZONE).wait_for(state="attached")
        page.locator(_GALLERY).first.click(trial=True)
        return time.perf_counter() - started
