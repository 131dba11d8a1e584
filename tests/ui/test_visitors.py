"""What a page tells a visitor who waits, and what it keeps of an upload."""

from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from tests.api.asking import blocked
from tests.ui.steps import CUP, ROOT, captions, dropped, finished
from ui.parts import drop
from ui.shop import workshop

pytestmark = pytest.mark.slow


@pytest.fixture
def app():
    return AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()


@pytest.mark.parametrize("count", [1, 2])
def test_a_visitor_who_waits_is_told_their_place(app, count):
    dropped(app, *[CUP] * count)
    with blocked(workshop()._networks):
        app.button("restore" if count == 1 else "restore.list").click().run()
        texts = [bar.proto.text for bar in app.get("progress")]
        assert texts[0].endswith("Waiting: 1 ahead of yours"), texts
    finished(app)


def test_a_preview_that_finds_no_turn_is_waited_for(app, monkeypatch):
    small = workshop()._small
    with blocked(small), blocked(small), monkeypatch.context() as full:
        full.setattr(small, "_max_waiting", 0)
        dropped(app, CUP)
        assert "Opening the photograph …" in captions(app)
        assert not app.error
    app.run()
    assert "restore" in [button.key for button in app.button]


def test_an_upload_is_let_go_once_the_page_has_it(monkeypatch):
    """Streamlit would keep it in memory as long as the page is open."""
    manager = MemoryUploadedFileManager("/upload")
    record = UploadedFileRec("file", "cup.jpg", "image/jpeg", CUP[1])
    manager.add_file("session", record)
    manager.add_file("session", UploadedFileRec("other", "other.jpg", "image/jpeg", b"other"))
    session = SimpleNamespace(session_id="session", uploaded_file_mgr=manager)
    monkeypatch.setattr(drop, "get_script_run_ctx", lambda: session)
    drop._let_go([UploadedFile(record, manager.get_upload_urls("session", ["cup.jpg"])[0])])
    assert [each.file_id for each in manager.get_files("session", ["file", "other"])] == ["other"]
