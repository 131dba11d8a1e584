"""The folder of uploads and results is deleted when the server ends, and an album in it when it is too old."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.shelf import Shelf
from studio.temporary import TemporaryFolder

HOLD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell starts its children without it
from studio.temporary import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "album").mkdir()
(folder.path / "album" / "photo").write_bytes(b"private")
print(folder.path, flush=True)
sys.stdin.read()
"""


def hold(folder):
    """Start a process that holds a folder with a photograph in it, in a temporary folder."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "TMPDIR": str(folder)}
    server = subprocess.Popen([sys.executable, "-c", HOLD], text=True, env=environment, **pipes)
    return server, Path(server.stdout.readline().strip())


def gone(path):
    """Wait until a folder is deleted; return whether it is."""
    until = time.monotonic() + 20
    while path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return not path.exists()


def test_it_is_deleted_when_it_is_closed():
    folder = TemporaryFolder()
    (folder.path / "album").mkdir()
    folder.close()
    assert not folder.path.exists()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, None], ids=str)
def test_it_is_deleted_however_the_process_ends(end, tmp_path):
    server, path = hold(tmp_path)
    with server:
        time.sleep(0.3)  # a guard that does not wait would have deleted it by now
        assert (path / "album" / "photo").exists()
        if end is None:
            server.stdin.close()
        else:
            server.send_signal(end)
        server.wait(20)
    assert gone(path)


def test_leftovers_are_deleted_by_the_next_server(tmp_path):
    server, path = hold(tmp_path)
    left = tmp_path / "restoration-studio-left"
    shutil.copytree(path, left)  # as after a power cut: its lock is there, and nobody holds it
    (tmp_path / "restoration-studio-foreign").mkdir()
    other, second = hold(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([path, second, tmp_path / "restoration-studio-foreign"])
    for each in (server, other):
        each.communicate()
    assert gone(path)
    assert gone(second)


def test_an_album_that_is_too_old_is_evicted_though_nobody_visits(tmp_path):
    shelf, stop = Shelf(tmp_path, 10**9, 0.2), threading.Event()
    old = shelf.create([("cat.png", b"cat")])
    assert old.folder.exists()
    tidying = threading.Thread(target=shelf.tidy, args=(0.01, stop))
    tidying.start()
    assert gone(old.folder)
    stop.set()
    tidying.join()
    assert shelf.get(old.id) is None


def test_tidying_goes_on_after_a_disk_that_failed(tmp_path):
    shelf, stop = Shelf(tmp_path / "shelf", 10**9, 0.2), threading.Event()
    tidying = threading.Thread(target=shelf.tidy, args=(0.01, stop))
    tidying.start()
    time.sleep(0.1)  # the folder is not there
    (tmp_path / "shelf").mkdir()
    old = shelf.create([("cat.png", b"cat")])
    assert old.folder.exists()
    assert gone(old.folder)
    stop.set()
    tidying.join()
