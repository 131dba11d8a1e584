"""Downloads from a real server: whole and right, or not at all."""

import hashlib
import io
import os
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from models import catalog
from models.errors import DownloadFailed, WeightsCorrupt
from models.files import weights
from tests import light


def checkpoint(value):
    buffer = io.BytesIO()
    torch.save({"weight": torch.full((300_000,), value)}, buffer)
    return buffer.getvalue()


GOOD, OTHER = checkpoint(1.0), checkpoint(2.0)


class Server:
    """Serves pages by path; several pages of one path in turn, and status 404 for an unknown path."""

    def __init__(self, address):
        self.address = address
        self.pages = {}
        self.cut = False  # whether each page ends a byte before its announced length
        self.asked = []

    def answer(self, path):
        self.asked.append(path)
        pages = self.pages.get(path, [None])
        return pages.pop(0) if len(pages) > 1 else pages[0]


@contextmanager
def serving():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            page = server.answer(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page or b"") + server.cut))
            with suppress(ConnectionError):  # a client may have stopped
                self.end_headers()
                self.wfile.write(page or b"")

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        server = Server(f"http://127.0.0.1:{httpd.server_port}")
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        httpd.shutdown()
        thread.join()


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def spec_for(server, *paths, data=GOOD):
    return replace(
        catalog.get("eccv16"),
        file="model.pth",
        sources=tuple(server.address + path for path in paths),
        size=data and len(data),
        digest=data and f"sha256:{hashlib.sha256(data).hexdigest()}",
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_download_left_goes_a_day_later(server, folder):
    for name, hours in ((".download-old", 25), (".download-new", 1)):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (time.time() - hours * 3600,) * 2)
    server.pages["/a"] = [GOOD]
    weights.download(spec_for(server, "/a"))
    assert names(folder) == [".download-new", "model.pth"]


def test_a_download_reports_its_progress_and_arrives(server, folder):
    server.pages["/a"] = [GOOD]
    seen = []
    path = weights.download(spec_for(server, "/a"), lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == GOOD
    assert names(folder) == ["model.pth"]
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == (len(GOOD), len(GOOD))


def test_the_second_source_serves_where_the_first_does_not(server, folder):
    server.pages["/b"] = [GOOD]
    weights.download(spec_for(server, "/a", "/b"))
    assert server.asked == ["/a", "/b"]
    assert names(folder) == ["model.pth"]


def test_a_failure_is_tried_again(server):
    server.pages["/a"] = [None, GOOD]
    assert weights.download(spec_for(server, "/a")).read_bytes() == GOOD


def test_a_wrong_file_is_refused_and_leaves_nothing(server, folder):
    server.pages["/a"] = [OTHER]
    spec = spec_for(server, "/a")
    with pytest.raises(DownloadFailed) as failure:
        weights.download(spec)
    assert names(folder) == []
    for part in (spec.digest.removeprefix("sha256:"), hashlib.sha256(OTHER).hexdigest(), spec.page, str(folder)):
        assert part in str(failure.value)


def test_a_file_that_is_there_is_not_fetched_again_unless_it_is_wrong(server, folder):
    server.pages["/a"] = [GOOD]
    spec = spec_for(server, "/a")
    weights.download(spec)
    weights.download(spec)
    assert server.asked == ["/a"]
    (folder / spec.file).write_bytes(OTHER)
    assert weights.download(spec).read_bytes() == GOOD


def test_stopping_leaves_nothing(server, folder):
    def stop(done, total):
        raise KeyboardInterrupt

    server.pages["/a"] = [GOOD]
    with pytest.raises(KeyboardInterrupt):
        weights.download(spec_for(server, "/a"), stop)
    assert names(folder) == []


def test_without_a_published_digest_the_first_download_is_trusted(server, folder):
    server.pages["/a"] = [GOOD]
    spec = spec_for(server, "/a", data=None)
    assert weights.provenance(spec).startswith("No digest")
    path = weights.download(spec)
    digest = hashlib.sha256(GOOD).hexdigest()
    assert names(folder) == ["model.pth", "model.pth.sha256"]
    assert digest in weights.provenance(spec)

    path.write_bytes(OTHER)
    with pytest.raises(WeightsCorrupt, match=digest):
        weights.verify(spec, path)
    server.pages["/a"] = [OTHER]
    with pytest.raises(DownloadFailed, match=digest):
        weights.download(spec)

    weights.remove(spec)
    assert names(folder) == []
    assert weights.download(spec).read_bytes() == OTHER


def test_without_a_published_digest_a_web_page_is_refused(server, folder):
    server.pages["/a"] = [b"<html>Too many people have downloaded this file.</html>"]
    with pytest.raises(DownloadFailed, match="Expected a checkpoint"):
        weights.download(spec_for(server, "/a", data=None))
    assert names(folder) == []


def test_without_torch_only_a_file_that_must_be_read_to_be_checked_is_not_downloaded(server, folder, tmp_path):
    server.pages["/a"] = [GOOD]
    python = light.make(tmp_path / "venv")

    def download(spec):
        program = f"from models.files import weights\nfrom models.spec import ModelSpec\nweights.download({spec!r})"
        return subprocess.run([python, "-c", program], cwd=light.ROOT, capture_output=True, text=True, check=False)

    refused = download(spec_for(server, "/a", data=None))
    assert "PackageMissing" in refused.stderr
    assert server.asked == []
    done = download(spec_for(server, "/a"))
    assert done.returncode == 0, done.stderr
    assert names(folder) == ["model.pth"]


CUT, GONE, NO_FOLDER = "broke off", "status 404", "File exists"


@pytest.mark.parametrize("fault", ["could not be reached", CUT, GONE, NO_FOLDER])
def test_a_failed_download_says_why_in_plain_words(fault, server, folder):
    spec = spec_for(server, "/a")
    if fault == "could not be reached":
        spec = replace(spec, sources=("http://127.0.0.1:9/a",))
    if fault == CUT:
        server.pages["/a"] = [GOOD]
        server.cut = True
    if fault == NO_FOLDER:
        folder.write_text("a file where the folder should be")
    with pytest.raises(DownloadFailed, match=fault) as failure:
        weights.download(spec)
    for word in ("HTTP", "Errno", "requests", "urllib", "Connection("):
        assert word not in str(failure.value).replace(server.address, "")
    assert not folder.is_dir() or names(folder) == []


def test_a_bundled_model_is_not_downloaded():
    with pytest.raises(DownloadFailed, match="has none"):
        weights.download(replace(catalog.get("fast-x4"), file="absent"))
