"""A server that is killed and started again: what open pages say, and what is left of uploads."""

import os
import signal
from pathlib import Path

import pytest

from examples.screen import free_port, start
from tests.e2e.steps import restore, sideways_jpeg

pytestmark = pytest.mark.browser

GONE = {"en-GB": "The studio was restarted; your photographs are no longer here.", "ru-RU": "Студия была перезапущена"}
LOST = {"en-GB": "The studio does not answer at the moment.", "ru-RU": "Студия сейчас не отвечает."}


class Server:
    """A studio on one port, with a temporary folder of its own."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self._process = None

    def start(self):
        self._process = start(self.port, {"TMPDIR": str(self.folder), "STUDIO_MODELS": str(self.folder / "models")})

    def kill(self):
        """End it and every process that it started, as the end of a container does."""
        pid = self._process.pid
        children = [text for path in Path(f"/proc/{pid}/task").glob("*/children") for text in path.read_text().split()]
        for each in (pid, *map(int, children)):
            os.kill(each, signal.SIGKILL)
        self._process.wait(20)

    def end(self):
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "models").mkdir()
    started = Server(tmp_path)
    started.start()
    yield started
    started.end()


def opened(browser, server, locale):
    """A page with a photograph."""
    page = browser.new_page(locale=locale)
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.locator("input[type=file]").wait_for(state="attached")
    page.locator("input[type=file]").first.set_input_files(
        [{"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": sideways_jpeg(160)}]
    )
    page.locator("img.preview").wait_for()
    return page


@pytest.mark.parametrize("locale", GONE)
def test_an_open_page_says_that_the_server_was_restarted_and_works_again(browser, server, locale):
    page = opened(browser, server, locale)
    server.kill()
    page.get_by_text(LOST[locale]).wait_for()
    page.locator('[data-testid="stDialog"]').wait_for(state="attached")  # Streamlit's own word comes later ...
    assert page.locator('[data-testid="stDialog"]').is_hidden()  # ... and is not seen
    server.start()
    page.get_by_text(GONE[locale]).wait_for()
    assert "album" not in page.url
    page.locator("input[type=file]").first.set_input_files(
        [{"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": sideways_jpeg(160)}]
    )
    page.locator("img.preview").wait_for()
    assert page.get_by_text(GONE[locale]).count() == 0
    page.close()


def test_a_page_that_waits_for_a_restoration_says_so_too(browser, server):
    page = opened(browser, server, "en-GB")
    restore(page)
    server.kill()
    page.get_by_text(LOST["en-GB"]).wait_for()
    server.start()
    page.get_by_text(GONE["en-GB"]).wait_for()
    page.close()


def test_a_short_interruption_changes_nothing(browser, server):
    page = opened(browser, server, "en-GB")
    address = page.url
    page.evaluate("window.stays = true")
    tell = "state => { document.querySelector('.stApp').dataset.testConnectionState = state }"
    page.evaluate(tell, "PINGING_SERVER")
    page.get_by_text(LOST["en-GB"]).wait_for()
    with page.expect_response("**/studio/server"):
        page.evaluate(tell, "CONNECTED")
    page.get_by_text(LOST["en-GB"]).wait_for(state="hidden")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.stays")
    assert page.url == address
    page.close()


def test_uploads_of_a_killed_server_are_deleted_at_the_next_start_without_a_visitor(browser, server):
    opened(browser, server, "en-GB").close()
    server.kill()
    left = list(server.folder.glob("restoration-studio-*"))
    assert list(server.folder.rglob("source"))
    assert {path.stat().st_mode & 0o077 for folder in left for path in (folder, *folder.rglob("*"))} == {0}
    server.start()  # it answers only where it is healthy, and nobody opens a page
    assert not any(folder.exists() for folder in left)
    assert not list(server.folder.rglob("source"))
