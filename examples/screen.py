"""Take the README's pictures of the screens: ``python -m examples.screen`` (needs Debian's chromium)."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
START_S = 60
RESTORE_MS = 150_000
MODELS = "/home/you/.cache/restoration-studio"
"""The folder of models that the pictures show, instead of the real one."""


@contextmanager
def serving(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the studio on a free port; the context is its address.

    Raises
    ------
    TimeoutError
        If it does not answer within a minute.
    """
    port = free_port()
    with running(port, environment or {}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(port: int, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the studio on a port; the context is its process.

    Raises
    ------
    TimeoutError
        If it does not answer within a minute.
    """
    server = start(port, environment)
    try:
        yield server
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start the studio, and return its process once it answers.

    Raises
    ------
    TimeoutError
        If it does not answer within a minute; it is ended then.
    """
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    variables = {**os.environ, **environment}
    server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        _await(f"http://127.0.0.1:{port}")
    except TimeoutError:
        server.kill()
        raise
    return server


def _await(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310 - the studio's own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    msg = f"Expected an answer of the studio at {url} within {START_S} seconds, got none. Run streamlit to see why."
    raise TimeoutError(msg)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; the context is the browser.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    path = shutil.which("chromium")
    if path is None:
        msg = "Expected the program chromium, found none. Install it; on Debian: apt-get install chromium."
        raise FileNotFoundError(msg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


SCREENS = ROOT / "examples" / "screens"
DESKTOP = {"width": 1200, "height": 900}
TALL = {"width": 1200, "height": 1500}
PHONE = {"width": 390, "height": 844}


class Photographer:
    """Opens pages of the studio at several sizes, in several languages and colour schemes."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url

    @contextmanager
    def at(self, size: Mapping[str, int], path: str = "", **options: Any) -> Iterator[Page]:
        """Open a fresh page of a size; `options` go to `Browser.new_context`."""
        viewport = ViewportSize(width=size["width"], height=size["height"])
        context = self._browser.new_context(viewport=viewport, **{"locale": "en-GB", **options})
        page = context.new_page()
        page.goto(self._url + path)
        yield page
        context.close()


def take(page: Page, name: str) -> None:
    """Save a picture of a page, after waiting until it no longer changes."""
    page.wait_for_timeout(2500)
    page.screenshot(path=SCREENS / f"{name}.jpg", type="jpeg", quality=88)
    print(SCREENS / f"{name}.jpg")


def restore_example(page: Page, button: str) -> None:
    """Restore an example on the first screen, by the text of its button."""
    page.get_by_role("button", name=button).click()
    page.locator(".viewer").wait_for(timeout=RESTORE_MS)


def choose(page: Page, *names: str) -> None:
    """Upload example photographs."""
    files = [ROOT / "examples" / f"{name}_before.jpg" for name in names]
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_role("button", name="Restore", exact=True).wait_for()


def main() -> None:
    """Save a picture of every screen."""
    SCREENS.mkdir(exist_ok=True)
    with serving({"STUDIO_MODELS": MODELS}) as url, chromium() as browser:
        studio = Photographer(browser, url)
        with studio.at(DESKTOP) as page:
            page.get_by_role("button", name="Restore the portrait").wait_for()
            take(page, "start")
            restore_example(page, "Restore the coffee cup")
            page.set_viewport_size(ViewportSize(width=TALL["width"], height=TALL["height"]))
            take(page, "result")
        with studio.at(TALL) as page:
            choose(page, "camera")
            page.get_by_role("radio", name="Advanced").click()
            take(page, "advanced")
        with studio.at(DESKTOP) as page:
            choose(page, "camera", "coffee", "astronaut")
            page.get_by_role("button", name="Restore", exact=True).click()
            page.get_by_role("button", name="Download all as ZIP").wait_for(timeout=RESTORE_MS)
            take(page, "batch")
        with studio.at(DESKTOP, "/models") as page:
            take(page, "models")
        with studio.at(DESKTOP, color_scheme="dark", locale="ru-RU") as page:
            restore_example(page, "Восстановить портрет")
            take(page, "dark")
        with studio.at(PHONE, device_scale_factor=2) as page:
            restore_example(page, "Restore the photographer")
            take(page, "phone")


if __name__ == "__main__":
    main()
