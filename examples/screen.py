"""Take the README's picture of the screen: ``python -m examples.screen`` (needs Debian's chromium)."""

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

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
START_S = 60


@contextmanager
def serving(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the studio on a free port, and give its address.

    Raises
    ------
    TimeoutError
        If it does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    variables = {**os.environ, **(environment or {})}
    server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _await(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    msg = f"The studio did not answer at {url} within {START_S} seconds."
    raise TimeoutError(msg)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    path = shutil.which("chromium")
    if path is None:
        msg = "chromium is not installed; on Debian: apt-get install chromium."
        raise FileNotFoundError(msg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def main() -> None:
    """Restore one example in the browser and take its picture."""
    with serving() as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1150})
        page.goto(url)
        page.locator("input[type=file]").set_input_files(ROOT / "examples" / "astronaut_before.jpg")
        page.get_by_role("button", name="Restore", exact=True).click()
        page.get_by_role("button", name="Download", exact=True).wait_for(timeout=120_000)
        page.wait_for_timeout(1500)  # until the picture has faded in
        page.screenshot(path=ROOT / "examples" / "screen.png")


if __name__ == "__main__":
    main()
