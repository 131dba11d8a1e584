"""The folder of uploads and results goes when the server does, and what is in it when its time is over."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.album import Shelf
from ui.work import tidy

HOLD = """
import sys
from ui.folder import PassingFolder
folder = PassingFolder()
(folder.path / "album").mkdir()
(folder.path / "album" / "photo").write_bytes(b"private")
print(folder.path, flush=True)
sys.stdin.read()
"""


def gone(path):
    """Wait until a folder is deleted; return whether it is."""
    until = time.monotonic() + 20
    while path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return not path.exists()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, None], ids=str)
def test_it_goes_however_the_process_ends(end):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", HOLD], text=True, **pipes) as server:
        path = Path(server.stdout.readline().strip())
        time.sleep(0.3)  # a guard that does not wait would have deleted it by now
        assert (path / "album" / "photo").exists()
        if end is None:
            server.stdin.close()
        else:
            server.send_signal(end)
        server.wait(20)
    assert gone(path)


def test_an_album_goes_when_its_time_is_over_though_nobody_comes(tmp_path):
    shelf, stop = Shelf(tmp_path, 10**9, 0), threading.Event()
    old = shelf.create([("cat.png", b"cat")])
    tidying = threading.Thread(target=tidy, args=(shelf, 0.01, stop))
    tidying.start()
    assert gone(old.folder)
    stop.set()
    tidying.join()
    assert shelf.get(old.id) is None
