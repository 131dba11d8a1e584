"""A folder restored by two actors of a Ray cluster: as without Ray, and resumed after a stop and a killed actor."""

import os
import pickle
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pipeline.batch import actors
from pipeline.batch.actors import Cluster
from pipeline.batch.cluster import spread
from pipeline.batch.journal import Journal
from pipeline.batch.outlook import enrol
from pipeline.batch.restore import BatchSettings
from pipeline.batch.sources import find_work
from pipeline.command.cli import main
from pipeline.errors import DiskFull
from pipeline.photo import Output
from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.pipeline.test_kills import ask, files, made, photographs

ROOT = Path(__file__).parents[2]
OWN = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
ENVIRONMENT = os.environ | OWN
COUNT = 40


@pytest.fixture
def source(tmp_path):
    folder = photographs(tmp_path / "in", COUNT)
    (folder / "bad.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """The address of a cluster of this machine with two processors."""
    pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path("/tmp") / f"ray-{os.getpid()}"  # its sockets need a short path
    flags = ["--num-cpus=2", "--include-dashboard=false", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}"]
    command = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", f"--port={port}", *flags]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, start_new_session=True, **silent) as process:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # after SIGTERM it takes half a minute to end
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


def start(source, out, address):
    flags = ["--only", "sharpen", "--engine", "ray", "--address", address, "--actors", "2"]
    command = [sys.executable, "-u", "-m", "pipeline", "restore", source, "-o", out, *flags]
    return subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def processes():
    """Return the processes of actors."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if b"Restorer" in path.read_bytes().partition(b"\0")[0]:
                found.append(int(path.parent.name))
    return found


@pytest.mark.slow
def test_two_actors_restore_a_folder_as_one_process_does(head, source, tmp_path):
    out = tmp_path / "out"
    stopped = start(source, out, head)
    first = [stopped.stdout.readline() for _ in range(4)]
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=120)
    assert stopped.returncode == 130, said
    assert "Run the same command again" in said
    finished = made(out)
    assert 0 < len(first) <= len(finished) < COUNT
    assert ask(out, "SELECT count(*) FROM photographs WHERE state = 'running' OR tries > 1") == [(0,)]

    again = start(source, out, head)
    again.stdout.readline()
    os.kill(processes()[0], signal.SIGKILL)
    _, said = again.communicate(timeout=240)
    assert again.returncode == 1, said
    assert "bad.jpg: Expected a picture" in said, said
    assert re.search(r"\d+ restored, \d+ restored earlier, 1 failed", said)
    now = made(out)
    assert finished.items() <= now.items()  # none lost, none made again
    assert ask(out, "SELECT state, fault, count(*) FROM photographs GROUP BY state ORDER BY state") == [
        ("done", "", COUNT),
        ("failed", "unreadable", 1),
    ]
    assert {path.name for path in out.iterdir()} == {*now, ".studio"}  # no temporary files
    assert main(["restore", str(source), "-o", str(tmp_path / "alone"), "--only", "sharpen"]) == 1
    assert files(out) == files(tmp_path / "alone")


@pytest.fixture
def here(monkeypatch):
    """Actors of this process; photographs whose names are in the list kill them."""
    deadly = []

    @contextmanager
    def connected(_):
        yield

    def events(packed, settings, where):
        actor = actors.Restorer(settings, where)
        for each in packed:
            number, due, _ = pickle.loads(each)
            if due.pair.source.name in deadly:
                yield actors.Began(number)
                continue
            for said in actor(Batch([each])):
                yield pickle.loads(said["event"][0])

    monkeypatch.setattr(actors, "connected", connected)
    monkeypatch.setattr(actors, "events", events)
    return deadly


class Batch(list):
    """A batch as Ray gives it."""

    def __getitem__(self, name):
        return self

    def to_pylist(self):
        return list(iter(self))


@pytest.fixture
def run(tmp_path):
    settings = BatchSettings(arrange([Sharpen()]), Output(), 2_000_000)
    root = tmp_path / "out"

    def call(source):
        work = find_work([source], root, settings.output)
        with Journal(root) as journal:
            left = enrol(journal, work.pairs, settings, root).open
            return {
                Path(each.source).name: each.fault or each.status
                for each in spread(journal, left, settings, Cluster(), lambda *_: None)
            }

    return call


def test_a_photograph_that_kills_its_actor_is_given_up_and_harms_no_other(here, run, tmp_path):
    source = photographs(tmp_path / "in", 4)
    here.append("001.jpg")
    assert run(source) == {"000.jpg": "done", "001.jpg": "killed", "002.jpg": "done", "003.jpg": "done"}
    assert ask(tmp_path / "out", "SELECT target, tries FROM photographs WHERE fault = 'killed'") == [(b"001.png", 2)]


def test_a_result_that_was_written_when_the_run_was_killed_is_adopted(here, run, tmp_path):
    source, out = photographs(tmp_path / "in", 2), tmp_path / "out"
    run(source)
    before = made(out)
    shutil.rmtree(out / ".studio")
    assert run(source) == {"000.jpg": "kept", "001.jpg": "kept"}
    assert made(out) == before


def test_a_full_disk_ends_the_run_and_nothing_stays_taken(here, run, tmp_path, monkeypatch):
    def full(*_, **__):
        raise DiskFull("The disk is full.")

    monkeypatch.setattr("pipeline.batch.restore.atomic.write", full)
    with pytest.raises(DiskFull):
        run(photographs(tmp_path / "in", 2))
    assert ask(tmp_path / "out", "SELECT DISTINCT state, tries FROM photographs") == [("new", 0)]


def test_what_is_missing_is_said(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    flags = ["restore", str(source), "-o", str(tmp_path / "out"), "--only", "sharpen"]
    assert main([*flags, "--engine", "ray"]) == 1
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().err
    assert main([*flags, "--actors", "2"]) == 2
    assert "--engine ray; add it" in capsys.readouterr().err
