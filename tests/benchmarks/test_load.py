"""The load on the studio: a small one is carried, and its figures are those of a server at work."""

import os
import re
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

import cv2
import numpy as np
import pytest

from benchmarks.load import archive, folder, programs, watch
from benchmarks.load.scenario import Load, picture, tables
from benchmarks.load.watch import watching
from pipeline.photo import prepare


def test_visitors_are_served_and_the_server_is_watched():
    prepare()  # another process of this one, which is not the server
    load = Load(megapixels=0.1, uploads=2, restorations=2, pages=2, slow=4, after=1)
    lines = list(tables(load))
    head, _, *rows = [line for line in lines if line.startswith("|")]
    told = [line for line in lines if line and not line.startswith("|")]
    figures = [[float(cell) for cell in row.strip("| ").split("|")[1:]] for row in rows]
    assert head.count("|") == 8
    assert len(rows) == 7
    for answers, median, most, longest, memory, peak in figures:
        assert answers > 0
        assert 0 < median <= most <= longest < 60_000
        assert 50 < memory <= peak  # Python with Streamlit
    assert told[0].startswith("2 of 2 photographs")
    assert told[2].startswith("2 of 2 visitors")
    assert told[-1].endswith("0 were refused.")


def test_the_shortest_phase_has_an_answer_and_memory():
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with watching(server.server_port, os.getpid()) as seen:
            phases = [seen() for _ in range(3)]
        server.shutdown()
    assert all(phase.seconds and phase.memory for phase in phases)


def test_the_photograph_has_the_size_that_was_asked_for():
    decoded = cv2.imdecode(np.frombuffer(picture(0.5), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape[0] * decoded.shape[1] == pytest.approx(0.5e6, rel=0.01)


def test_the_memory_is_that_of_a_process_and_its_descendants(monkeypatch, tmp_path):
    processes = {1: (0, 1000), 20: (1, 2000), 21: (20, 3000), 22: (21, 4000), 9: (1, 5000)}
    for process, (parent, kilobytes) in processes.items():
        (tmp_path / str(process)).mkdir()
        status = f"Name:\tx\nPid:\t{process}\nPPid:\t{parent}\nVmRSS:\t{kilobytes} kB\n"
        (tmp_path / str(process) / "status").write_text(status)
    monkeypatch.setattr(watch, "_PROC", tmp_path)
    assert watch.resident(20) == 9


def test_a_percentile_is_one_of_the_values():
    assert watch.percentile([3, 1, 2], 0.5) == 2
    assert watch.percentile(list(range(1, 101)), 0.99) == 99
    assert watch.percentile([5], 0.99) == 5


def test_every_job_of_programs_ends_and_no_result_is_lost():
    said = list(programs.lines(programs.Crowd(programs=2, jobs=5)))
    assert "'done': 4, 'cancelled': 1" in said[0] or "'done': 5" in said[0]  # it may be done before it is cancelled
    assert said[2].startswith("0 results were lost, 0 states changed")


def test_a_run_over_a_folder_has_a_share_and_memory():
    said = list(folder.lines(folder.Folder(photographs=4, megapixels=0.05)))
    assert said[0].startswith("4 photographs of 0.05 megapixels at x2")
    share = float(re.search(r"worked ([\d.]+)%", said[1])[1])
    assert 0 < share <= 101
    assert re.search(r"quarter: (\d+ and \d+(, |\.)|none(, |\.)){4}$", said[3])


def test_of_a_large_archive_nothing_is_lost_and_nothing_made_again():
    told = list(archive.lines(60, failures=0.2))
    assert len([line for line in told if line.startswith("| ")]) == 7
    done, failed, lost, kept, again = map(
        int, re.findall(r"\b(\d+) (?:done|failed|lost|were|failures)", " ".join(told))
    )
    assert (done + failed, lost) == (60, 0)
    assert 0 < again < failed
    assert kept + again == 30
