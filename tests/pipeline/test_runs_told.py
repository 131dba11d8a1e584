"""What a run over a folder says: at its end, when it is stopped, and where it cannot begin."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.batch import actors, watch
from pipeline.batch import restore as batch
from pipeline.batch.actors import Cluster
from pipeline.batch.sources import Pair
from pipeline.command.cli import main
from pipeline.errors import OptionError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, name in enumerate("abc"):
        Image.fromarray(np.full((32, 48, 3), 60 + 40 * number, np.uint8)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def run(scans, tmp_path, capsys):
    """Run the command; return its exit code and what it said besides results."""

    def call(*flags):
        code = main(["restore", str(scans), "-o", str(tmp_path / "out"), "--only", "sharpen", *flags])
        return code, capsys.readouterr().err

    return call


def test_a_run_whose_results_are_all_recognised_says_so(run, tmp_path):
    assert run() == (0, "")
    shutil.rmtree(tmp_path / "out" / ".studio")
    assert run() == (0, "0 restored, 3 restored earlier, 0 failed.\n")


def test_a_run_in_which_all_failed_says_so(run, scans):
    for path in scans.iterdir():
        path.write_bytes(b"no picture")
    code, said = run()
    assert code == 1
    assert said.endswith("0 restored, 0 restored earlier, 3 failed; --retry failed tries again what failed.\n")


def test_a_stopped_run_counts_what_its_journal_has(run, tmp_path, monkeypatch):
    develop = batch.develop

    def stopped(item, *others):
        if item.number == 2:
            raise KeyboardInterrupt
        develop(item, *others)

    monkeypatch.setattr(batch, "develop", stopped)
    code, said = run()
    assert code == 130
    assert said.startswith("2 restored photographs are kept.\n")
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_an_empty_folder_is_called_empty(run, scans):
    for path in scans.iterdir():
        path.unlink()
    assert run() == (1, f"error: Expected photographs in {scans}, but it is empty. Name another folder.\n")


class Enough(Exception):
    """Ends a loop that has no end."""


def test_a_watched_folder_is_looked_at_soon_after_a_long_restoration(tmp_path, monkeypatch):
    path, waits, now = tmp_path / "a.png", [], [0.0]
    path.write_bytes(b"x")

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            raise Enough

    def watched():
        for _ in watch.arrivals(lambda: [Pair(path, tmp_path / "x.png")]):
            now[0] += 1000  # seconds that its restoration takes

    monkeypatch.setattr(watch.time, "sleep", sleep)
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    with pytest.raises(Enough):
        watched()
    assert (now[0], waits) == (1000, [watch.SETTLE_S] * 3)


def test_a_cluster_is_not_asked_to_watch(run):
    code, said = run("--engine", "ray", "--watch")
    assert code == 2
    assert "remove one of the two" in said


def test_a_cluster_that_is_not_there_is_told_at_once():
    pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(OptionError, match=f"{address}, but it does not answer"), actors.connected(Cluster(address)):
            pass


def test_a_full_disk_stops_the_run(run, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    code, said = run()
    assert (code, said.startswith("stopped: The disk is full.")) == (130, True)


MOUNT = 'mount -t tmpfs -o size=24k tmpfs "$1" && exec "$2" -c "$3" "$1"'
OPEN = """
import sys
from pathlib import Path
from pipeline.batch.journal import Journal
from pipeline.errors import DiskFull
try:
    Journal(Path(sys.argv[1]))
except DiskFull:
    print("full")
"""


def test_a_disk_without_room_for_a_journal_is_full(tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this system has no user namespaces (unshare)")
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", tmp_path]
    ran = subprocess.run([*command, sys.executable, OPEN], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.stdout == "full\n", ran.stderr
