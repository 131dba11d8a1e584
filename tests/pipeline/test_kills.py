"""The real command line, killed at random instants: nothing is lost, made twice or half written."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.batch.journal import Journal
from tests.photographs import photograph

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("KILLS", "12"))
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
IN_WORK = 3
"""Photographs that a process has begun at a time: one that is read, one restored, one written."""

pytestmark = pytest.mark.slow


def photographs(folder, count):
    folder.mkdir()
    pixels = (photograph("coffee", 96) * 255).astype(np.uint8)
    for number in range(count):
        Image.fromarray(np.roll(pixels, 3 * number, axis=1)).save(folder / f"{number:03}.jpg")
    return folder


def start(source, out, *flags):
    command = [sys.executable, "-u", "-m", "pipeline", "restore", str(source), "-o", str(out), *flags]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def ask(out, statement):
    db = sqlite3.connect(out / ".studio" / "run.sqlite")
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def made(out):
    """Return the identity of each result; every one can be read to its end."""
    found = {}
    for path in out.glob("*.png"):
        with Image.open(path) as image:
            image.load()
        state = path.stat()
        found[path.name] = (state.st_ino, state.st_mtime_ns, state.st_ctime_ns)
    return found


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def test_a_run_that_is_killed_at_any_instant_goes_on_where_it_was(tmp_path):
    chance = random.Random(20)
    source, out = photographs(tmp_path / "in", 3 * KILLS), tmp_path / "out"
    before = {path.name: path.stat() for path in source.iterdir()}
    finished = {}
    for _ in range(KILLS):
        process = start(source, out)
        time.sleep(chance.uniform(0.2, 2.5))
        process.send_signal(chance.choice(SIGNALS))
        process.communicate(timeout=60)
        now = made(out)
        assert {name: now.get(name) for name in finished} == finished  # none lost, none made again
        finished = now
    process = start(source, out, "--retry", "killed")  # those at which two of them were killed
    process.communicate(timeout=600)
    assert process.returncode == 0
    now = made(out)
    assert {name: now[name] for name in finished} == finished
    assert len(now) == 3 * KILLS
    assert ask(out, "SELECT DISTINCT state FROM photographs") == [("done",)]
    assert ask(out, "SELECT sum(tries) FROM photographs")[0][0] <= 3 * KILLS + IN_WORK * KILLS
    assert {path.name for path in out.iterdir()} == {*now, ".studio"}  # no temporary files
    assert {path.name: path.stat() for path in source.iterdir()}.keys() == before.keys()
    undisturbed = start(source, tmp_path / "reference")
    undisturbed.communicate(timeout=600)
    assert files(out) == files(tmp_path / "reference")


def test_two_processes_share_a_folder(tmp_path):
    source, out = photographs(tmp_path / "in", 24), tmp_path / "out"
    both = [start(source, out) for _ in range(2)]
    said = [process.communicate(timeout=600)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(made(out)) == 24
    assert sum(map(len, said)) == 24
    assert all(said)
    assert ask(out, "SELECT DISTINCT state, tries FROM photographs") == [("done", 1)]


KILLER = """
import os, pathlib, signal, sys
from models.files import atomic
from pipeline.batch.journal import Journal
from pipeline.command.cli import main

left = 2  # the second photograph's turn

def killing(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

def half(*arguments):
    stream = open(*arguments)
    write = stream.write
    def write_half(data):
        write(data[: len(data) // 2])
        stream.flush()
        sync()
        return write(data[len(data) // 2 :])
    stream.write = write_half
    return stream

sync = killing(lambda: None)
point, *flags = sys.argv[1:]
if point == "half":
    atomic.os.fdopen = half
else:
    owner = {"fsync": os, "replace": pathlib.Path, "utime": os}.get(point, Journal)
    setattr(owner, point, killing(getattr(owner, point)))
sys.exit(main(["restore", *flags, "--only", "sharpen"]))
"""


@pytest.mark.parametrize("point", ["claim", "hashed", "intend", "half", "fsync", "replace", "utime", "settle"])
def test_a_kill_between_two_writes_loses_nothing(tmp_path, point):
    source, out = photographs(tmp_path / "in", 4), tmp_path / "out"
    command = [sys.executable, "-c", KILLER, point, source, "-o", out]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    before = made(out)
    assert len(before) < 4
    process = subprocess.run([*command[:3], "claim", source, "-o", out], cwd=ROOT, capture_output=True, check=False)
    assert process.returncode == -signal.SIGKILL  # once more
    ran = start(source, out, "--only", "sharpen")
    ran.communicate(timeout=600)
    assert ran.returncode == 0
    now = made(out)
    assert before.items() <= now.items()
    assert len(now) == 4
    assert {path.name for path in out.iterdir()} == {*now, ".studio"}
    assert sorted(path.name for path in (out / ".studio").iterdir()) == ["opening.lock", "run.sqlite"]


CLAIMS = """
import os, signal, sys
from pathlib import Path
from pipeline.batch.journal import Journal

journal = Journal(Path(sys.argv[1]))
journal.enrol([(b"a", b"/a", None, "")], {})
assert journal.claim(b"a")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_begun_is_free_at_once(tmp_path):
    subprocess.run([sys.executable, "-c", CLAIMS, tmp_path], cwd=ROOT, check=False)
    with Journal(tmp_path) as journal:
        assert journal.claim(b"a").tries == 2


DEADLY = """
import os, signal, sys
from pipeline.batch import restore
from pipeline.command.cli import main

develop = restore.develop

def deadly(item, *rest):
    if item.pair.source.stem == "001":
        os.kill(os.getpid(), signal.SIGKILL)
    develop(item, *rest)

restore.develop = deadly
sys.exit(main(["restore", *sys.argv[1:], "--only", "sharpen"]))
"""


def test_a_photograph_that_kills_its_process_twice_is_given_up_and_told(tmp_path):
    source, out = photographs(tmp_path / "in", 5), tmp_path / "out"

    def run(*flags):
        command = [sys.executable, "-c", DEADLY, source, "-o", out, *flags]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, sorted(path.stem for path in out.glob("*.png")), done.stderr

    assert run()[0] == -signal.SIGKILL
    code, there, _ = run()
    assert code == -signal.SIGKILL
    assert there[-2:] == ["003", "004"]  # what was not in work came first
    code, there, said = run("--report")
    assert (code, there) == (1, ["000", "002", "003", "004"])
    assert "001.jpg: 2 processes were killed while they restored this photograph" in said
    assert "killed" in (out / "report.csv").read_text().splitlines()[1]
    assert run()[0] == 1  # it is not begun again
    assert run("--retry", "killed")[0] == -signal.SIGKILL
    process = start(source, out, "--only", "sharpen")
    process.communicate(timeout=600)
    assert (process.returncode, len(made(out))) == (0, 5)


SMALL_DISK = """
mount -t tmpfs -o size=400k tmpfs "$2" || exit 77
"$3" -m pipeline restore "$1" -o "$2"; echo "$?"
mount -o remount,size=40m "$2"
"$3" -m pipeline restore "$1" -o "$2" > "$2/said"; echo "$?"
ls -A "$2" "$2/.studio"; grep -c -- '->' "$2/said"
"""


def test_a_full_disk_pauses_a_run(tmp_path):
    """On a disk of 400 kB, in a mount namespace of its own."""
    source = photographs(tmp_path / "in", 12)
    (tmp_path / "out").mkdir()
    arguments = [source, tmp_path / "out", sys.executable]
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh", *map(str, arguments)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this system has no user namespaces (unshare)")
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert "stopped: The disk is full. Free some space" in ran.stderr
    *first, stopped, again = [line for line in ran.stdout.splitlines() if line in ("0", "1", "130") or " -> " in line]
    assert (stopped, again) == ("130", "0")
    listed = ran.stdout.splitlines()
    assert 0 < len(first) < 12
    assert {f"{number:03}.png" for number in range(12)} <= set(listed)
    assert not [line for line in listed if line.startswith(".") and line != ".studio"]
    assert int(listed[-1]) <= 12 - len(first)
