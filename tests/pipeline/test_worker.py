"""Files are opened and written in a worker process: what kills, hangs or fills it costs one file one error."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline import photo as photos
from pipeline.codecs import bounds, shared
from pipeline.codecs.bounds import Bounds
from pipeline.codecs.worker import WorkerLost, Workers, workers
from pipeline.errors import OptionError, PhotoUnreadable, PhotoUnwritable
from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

ROOT = Path(__file__).parents[2]
SMALL = Bounds(100_000_000, 2)
SCENE = files.scene()


# A worker calls these by name.


def double(array):
    return array * 2, os.getpid()


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep(seconds):
    time.sleep(seconds)


def compute():
    while True:
        pass


def fill(length):
    return len(np.ones(length, np.uint8))


def refuse():
    msg = "Expected something else."
    raise OptionError(msg)


def fail():
    return {}["nothing"]


@pytest.fixture
def pool():
    pool = Workers()
    yield pool
    pool.close()


def test_arrays_come_back_from_another_process_and_stay_as_they_are(pool):
    first, process = pool.call(double, np.arange(12.0).reshape(3, 4), bounds=SMALL)
    second, again = pool.call(double, np.zeros((3, 4)), bounds=SMALL)
    assert process == again != os.getpid()
    assert np.array_equal(first, 2 * np.arange(12.0).reshape(3, 4))
    assert not second.any()
    first += 1  # not read-only


@pytest.mark.parametrize("length", [0, 1, shared._KEPT, shared._KEPT + 1])
def test_arrays_of_every_size_are_handed_over(pool, length):
    given = np.arange(length).astype(np.uint8)
    result, _ = pool.call(double, given, bounds=Bounds(300_000_000, 5))
    assert np.array_equal(result, given * 2)


def test_an_array_in_shared_memory_is_not_copied():
    array = shared.empty((3, 5), np.float32)
    array[:] = 7
    assert shared._owner(memoryview(array)) is not None
    assert shared._owner(memoryview(array[:2])) is None
    assert shared._owner(memoryview(np.zeros(3))) is None


def test_a_worker_that_crashes_is_replaced(pool):
    _, first = pool.call(double, 1, bounds=SMALL)
    with pytest.raises(WorkerLost, match="crashed"):
        pool.call(crash, bounds=SMALL)
    _, second = pool.call(double, 1, bounds=SMALL)
    assert first != second


def test_a_worker_that_was_killed_while_it_was_idle_costs_no_file(pool):
    _, first = pool.call(double, 1, bounds=SMALL)
    os.kill(first, signal.SIGKILL)
    pool._idle[0]._process.wait()
    assert pool.call(double, 2, bounds=SMALL)[0] == 4


def test_a_worker_that_takes_too_long_is_ended_by_the_system(pool):
    started = time.process_time()
    with pytest.raises(WorkerLost, match="longer than 1 s"):
        pool.call(compute, bounds=Bounds(100_000_000, 1))
    assert time.process_time() - started < 1  # this process only waits
    assert pool.call(double, 4, bounds=SMALL)[0] == 8


def test_a_worker_that_keeps_much_memory_is_replaced(pool):
    _, first = pool.call(double, 1, bounds=SMALL)
    assert pool.call(keep, 50_000_000, bounds=Bounds(300_000_000, 5)) == first
    assert pool.call(keep, 150_000_000, bounds=Bounds(300_000_000, 5)) == first
    assert pool.call(double, 1, bounds=SMALL)[1] != first


KEPT = []


def keep(length):
    KEPT.append(np.ones(length, np.uint8))
    return os.getpid()


def test_a_worker_that_hangs_is_ended(pool, monkeypatch):
    monkeypatch.setattr("pipeline.codecs.worker._HANGING", 0.3)
    with pytest.raises(WorkerLost, match="longer than"):
        pool.call(sleep, 60, bounds=Bounds(100_000_000, 1))


def test_time_is_counted_for_each_call_alone(pool):
    for _ in range(3):
        pool.call(burn, 0.7, bounds=Bounds(100_000_000, 1.2))


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the memory of a process so")
def test_memory_beyond_the_bound_is_refused_and_the_worker_goes_on(pool):
    length = bounds._STACKS + 200_000_000
    assert pool.call(fill, length, bounds=Bounds(2 * length, 5)) == length
    with pytest.raises(MemoryError):
        pool.call(fill, length, bounds=SMALL)
    assert pool.call(fill, length, bounds=Bounds(2 * length, 5)) == length


def test_errors_come_back_as_they_are(pool):
    with pytest.raises(OptionError, match=r"^Expected something else\.$"):
        pool.call(refuse, bounds=SMALL)


def test_a_fault_of_the_studio_comes_back_with_the_place_where_it_arose(pool):
    with pytest.raises(KeyError) as caught:
        pool.call(fail, bounds=SMALL)
    assert "in fail" in "".join(caught.value.__notes__)


def test_a_forked_process_has_workers_of_its_own(pool):
    _, process = pool.call(double, 1, bounds=SMALL)
    workers.warm()
    child = os.fork()
    if not child:
        os._exit(len(workers._idle))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.call(double, 1, bounds=SMALL)[1] == process


def lives(process):
    """Whether a process is there, and is no zombie that nobody has waited for."""
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(asked.stdout.strip()) and not asked.stdout.startswith("Z")


def goes(code):
    """Whether the worker that a program tells is gone soon after the program."""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    end = time.monotonic() + 5
    while lives(int(said)) and time.monotonic() < end:
        time.sleep(0.05)
    return not lives(int(said))


def test_workers_end_with_the_process_that_started_them(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(files.save(SCENE, "PNG"))
    code = f"""
import os, signal
from pathlib import Path
from pipeline.codecs.worker import workers
from pipeline.photo import read_photo
read_photo(Path({str(path)!r}))
print(workers._idle[0]._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert goes(code)


def test_a_worker_that_hangs_ends_with_the_process_that_started_it():
    code = """
import os, signal, threading, time
from pipeline.codecs.bounds import Bounds
from pipeline.codecs.worker import workers
workers.warm()
print(workers._idle[0]._process.pid, flush=True)
call = lambda: workers.call(time.sleep, 60, bounds=Bounds(100_000_000, 60))
threading.Thread(target=call).start()
time.sleep(1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert goes(code)


def test_no_more_workers_than_needed_stay(pool):
    for _ in range(5):
        pool.call(double, 1, bounds=SMALL)
    assert len(pool._idle) == 1


@pytest.fixture
def fatal(monkeypatch):
    """Let the worker crash with every file."""
    real = workers.call
    monkeypatch.setattr(workers, "call", lambda _, *__, bounds: real(crash, bounds=bounds))


def test_a_decoder_that_crashes_costs_one_file(fatal, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(files.save(SCENE, "PNG"))
    for reader in (read_photo, photos.count_pages):
        with pytest.raises(PhotoUnreadable, match="The file cannot be read: the decoder or encoder crashed"):
            reader(path)


def test_an_encoder_that_crashes_costs_one_download(request):
    photo = read_photo(files.save(SCENE, "PNG"))
    request.getfixturevalue("fatal")
    with pytest.raises(PhotoUnwritable, match="cannot be saved as PNG: the decoder or encoder crashed"):
        encode_photo(photo.pixels, photo, Output())


def test_a_relative_path_is_found_after_the_folder_has_changed(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.png").write_bytes(files.save(SCENE, "PNG"))
    workers.warm()
    monkeypatch.chdir(tmp_path / "there")
    assert read_photo(Path("a.png")).name == "a"


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_refused_at_once(kind, tmp_path):
    path = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(PhotoUnreadable, match="cannot be read"):
        read_photo(path)


def test_what_lies_in_the_folder_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    pool = Workers()
    assert pool.call(double, 2, bounds=SMALL)[0] == 4
    pool.close()


def test_bounds_grow_with_the_file_and_the_cap():
    small, large = bounds.to_read(1_000_000, 2_000_000), bounds.to_read(100_000_000, 2_000_000)
    assert small.memory < 1_000_000_000
    assert small.seconds < 6
    assert large.memory > small.memory
    assert large.seconds > small.seconds
    assert bounds.to_read(1_000_000, 100_000_000).memory > small.memory
