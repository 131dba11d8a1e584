"""What a run over a folder can do besides: estimate, watch, share by shards, verify, and report."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
from PIL import Image

from pipeline.batch import bag, page, table, watch
from pipeline.batch.history import History
from pipeline.batch.journal import Journal
from pipeline.batch.sources import Pair
from pipeline.command.cli import main
from pipeline.errors import BagInvalid

ROOT = Path(__file__).parents[2]


def draw(path, value=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((32, 48, 3), value, np.uint8)).save(path)
    return path


@pytest.fixture
def scans(tmp_path):
    """Three small photographs, and a file that is none."""
    for number, name in enumerate(("a.png", "sub/<b> & c.png", "sub/d.png")):
        draw(tmp_path / "scans" / name, 60 + 40 * number)
    (tmp_path / "scans" / "bad <i>.jpg").write_bytes(b"no picture")
    return tmp_path / "scans"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def run(scans, out, capsys):
    """Run the command; return its exit code and what it said."""

    def call(*flags, sources=(scans,)):
        code = main(["restore", *map(str, sources), "-o", str(out), "--only", "sharpen", *flags])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_report_has_failures_first_and_pictures_and_needs_nothing_else(run, out):
    assert run("--report")[0] == 1
    page = (out / "report.html").read_text()
    assert "<title>Restored photographs in out</title>" in page
    assert page.index("bad &lt;i&gt;.jpg") < page.index("a.png")
    assert "<i>" not in page
    assert len(re.findall(r'src="data:image/webp;base64,\w', page)) == 6
    assert not re.findall(r"(?:src|href)=.?(?:http|/|file)", page)
    assert 'href="sub/%3Cb%3E%20%26%20c.png"' in page
    rows = list(csv.DictReader((out / "report.csv").read_text().splitlines()))
    assert [row["state"] for row in rows] == ["failed", "done", "done", "done"]
    assert rows[0]["fault"] == "unreadable"
    assert (rows[1]["width"], rows[1]["height"], rows[1]["format"]) == ("48", "32", "png")
    assert len(rows[1]["result_sha256"]) == 64
    (out / "report.html").unlink()
    assert run("--report", sources=())[0] == 0  # without restoring anything
    assert (out / "report.html").read_text() == page


def test_reports_of_many_photographs_take_little_memory(tmp_path):
    said = {"error": "x" * 2000, "notices": [], "history": "y" * 2000}
    with Journal(tmp_path) as journal:
        journal.enrol(((b"%06d.png" % number, b"/none", None, "") for number in range(4000)), {})
        journal._db.execute(
            "UPDATE photographs SET fault = 'unreadable', report = ?, "
            "state = iif(target < CAST('002000' AS BLOB), 'failed', 'done')",
            (json.dumps(said),),
        )
    tracemalloc.start()
    history = History(tmp_path)
    table.write(history, tmp_path)
    page.write(history, tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 3_000_000  # all of it would take 16 MB
    tracemalloc.stop()
    lines = (tmp_path / "report.csv").read_text().splitlines()
    assert (len(lines), lines[1].split(",")[2], lines[-1].split(",")[2]) == (4001, "failed", "done")
    assert "200 of 2000 are shown" in (tmp_path / "report.html").read_text()


def test_a_photograph_that_is_gone_is_named_in_the_report(run, scans, out):
    run()
    (scans / "a.png").unlink()
    run("--report", sources=())
    assert "Before: a.png cannot be read" in (out / "report.html").read_text()


def test_sidecars_say_what_was_done_to_what(run, scans, out):
    run("--sidecar", "json")
    said = json.loads((out / "a.png.json").read_text())
    assert said["source"]["path"] == str(scans / "a.png")
    assert said["settings"]["plan"]["stages"]["sharpen"]["amount"] == 0.4
    assert said["report"]["stages"][0]["stage"] == "sharpen"
    assert run("--sidecar", "xmp")[0] == 1  # of results that are there already
    packet = minidom.parse(str(out / "sub" / "<b> & c.png.xmp"))
    assert packet.getElementsByTagName("stRef:filePath")[0].firstChild.data == "<b> & c.png"
    description = packet.getElementsByTagName("rdf:Description")[0]
    assert description.getAttribute("xmpMM:InstanceID").encode() in (out / "sub" / "<b> & c.png").read_bytes()
    assert not list(out.rglob("bad*"))


def test_changed_and_missing_results_are_found(run, out):
    run()
    assert run("--verify", sources=()) == (0, "", "3 results compared, all as they were made.\n")
    draw(out / "a.png", 1)
    (out / "sub" / "d.png").unlink()
    code, said, advice = run("--verify", sources=())
    assert (code, said) == (1, f"changed: {out / 'a.png'}\nmissing: {out / 'sub' / 'd.png'}\n")
    assert "2 differ. Delete those that changed" in advice
    (out / "a.png").unlink()
    assert "2 differ. Restore again to make those that are missing.\n" in run("--verify", sources=())[2]
    run()
    assert run("--verify", sources=())[0] == 0


def test_verify_names_a_folder_without_a_journal(run, tmp_path, capsys):
    assert main(["restore", "-o", str(tmp_path / "nothing"), "--verify"]) == 1
    assert "Expected a journal in" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_an_estimate_writes_nothing(run, out):
    code, said, warned = run("--dry-run")
    assert code == 0
    assert said.startswith("4 photographs, about 0.0 megapixels\ntime: about ")
    assert "MB are free" in said or "GB are free" in said
    assert "1 of 4 photographs that were tried cannot be restored" in warned
    assert not out.exists()
    run()
    assert run("--dry-run")[1].startswith("0 photographs (3 more are done)")


def test_shards_make_everything_once_and_report_together(run, scans, out):
    for number in range(20):
        draw(scans / f"{number}.png", number)
    for shard in ("1/3", "2/3", "3/3"):
        run("--shard", shard)
    assert len(list(out.rglob("*.png"))) == 23
    assert len(list((out / ".studio").glob("shard-*-of-3.sqlite"))) == 3
    assert run("--verify", sources=())[2] == "23 results compared, all as they were made.\n"
    before = {path: path.stat().st_ino for path in out.rglob("*.png")}
    run()  # a run of the whole recognises them
    assert {path: path.stat().st_ino for path in out.rglob("*.png")} == before


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--shard", "1/2", "--bag"], "remove one of the two"),
        (["--shard", "3/2"], "a part such as 2/8"),
        (["--retry", "nothing"], "invalid choice"),
    ],
)
def test_contradictions_are_told(run, scans, out, capsys, flags, says):
    try:
        code, _, said = run(*flags)
    except SystemExit as ended:
        code, said = ended.code, capsys.readouterr().err
    assert code == 2
    assert says in said
    assert not out.exists()


def test_options_of_folders_need_a_folder(run, scans, tmp_path, capsys):
    assert main(["restore", str(scans / "a.png"), "-o", str(tmp_path / "x.png"), "--report"]) == 2
    assert "--report needs a folder as output" in capsys.readouterr().err
    assert main(["restore", str(scans / "a.png"), "-o", str(tmp_path / "x"), "--watch"]) == 2
    assert main(["restore", "-o", str(tmp_path / "x")]) == 2


def test_a_bag_is_complete_and_its_damage_is_found(run, scans, out):
    draw(scans / "100%\nsure.png", 7)
    assert run("--bag", "--report", "--sidecar", "json")[0] == 1
    assert bag.problems(out) == []
    assert (out / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert "data/100%25%0Asure.png\n" in (out / "manifest-sha256.txt").read_text()
    assert "report.html" in (out / "tagmanifest-sha256.txt").read_text()
    draw(scans / "e.png", 8)
    assert run()[0] == 1  # it stays a bag
    assert bag.problems(out) == []
    assert (out / "data" / "e.png").exists()
    assert run("--report", sources=())[0] == 0  # a new report is a part of the bag as well
    assert bag.problems(out) == []
    draw(out / "data" / "a.png", 1)
    (out / "data" / "stray.txt").write_text("?")
    assert bag.problems(out) == ["data/stray.txt is in no manifest", "data/a.png has changed"]
    assert run("--verify", sources=())[0] == 1


def test_a_bag_is_not_made_of_what_changed_since_it_was_restored(run, out):
    run("--bag")
    draw(out / "data" / "a.png", 1)
    code, _, said = run("--bag")
    assert code == 1
    assert "data/a.png has changed. Delete what changed" in said
    draw(out / "data" / os.fsdecode(b"x\xff.png"))
    with pytest.raises(BagInvalid, match=r"names in UTF-8.*Rename"):
        bag.write(out, {})


def test_a_result_keeps_its_name_when_another_photograph_wants_it(run, scans, out):
    run()
    made = (out / "a.png").stat().st_ino
    Image.open(draw(scans / "sub" / "x.png")).save(scans / "a.webp")
    run()
    assert (out / "a.png").stat().st_ino == made
    assert (out / "a_2.png").exists()


class Enough(Exception):
    """Ends a loop that has no end."""


def test_files_are_taken_when_they_stand_still(tmp_path, monkeypatch):
    path, turns = tmp_path / "a.png", []
    contents = ["", "half", "whole!", "whole!", "whole!", "changed later", "changed later", "changed later"]

    def sleep(seconds):
        turns.append(seconds)
        if len(turns) == len(contents):
            raise Enough
        if path.read_text() != contents[len(turns)]:
            path.write_text(contents[len(turns)])

    path.write_text(contents[0])
    monkeypatch.setattr(watch.time, "sleep", sleep)
    taken = []

    def take():
        for pairs in watch.arrivals(lambda: [Pair(path, tmp_path / "x.png")]):
            taken.append((pairs[0].source.read_text(), len(turns)))

    with pytest.raises(Enough):
        take()
    assert taken == [("whole!", 3), ("changed later", 6)]
    assert min(turns) >= watch.SETTLE_S


@pytest.mark.slow
def test_a_watched_folder_is_restored_until_somebody_stops_it(tmp_path):
    (tmp_path / "in").mkdir()
    flags = ["--watch", "--only", "sharpen"]
    command = [sys.executable, "-u", "-m", "pipeline", "restore", tmp_path / "in", "-o", tmp_path / "out", *flags]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "out" / ".studio" / "run.sqlite").exists():
        time.sleep(0.05)
    draw(tmp_path / "in" / "late.png")
    assert "late.png" in process.stdout.readline()
    draw(tmp_path / "in" / "later.png")
    assert "later.png" in process.stdout.readline()
    time.sleep(1)  # the run waits for more
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


def test_a_file_as_output_of_several_is_refused(run, out):
    out.write_bytes(b"mine")
    code, _, said = run()
    assert (code, out.read_bytes()) == (2, b"mine")
    assert "is a file, and several results need a folder" in said


def test_results_whose_journal_was_lost_are_in_the_report(run, out):
    run()
    (out / ".studio" / "run.sqlite").unlink()
    run("--report")
    page = (out / "report.html").read_text()
    assert page.count("data:image/webp") == 6
    assert "nothing changed" not in page


def test_an_archive_that_cannot_be_written_to_is_verified(run, out, monkeypatch):
    run()
    before = sorted(path.name for path in (out / ".studio").iterdir())
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert run("--verify", sources=()) == (0, "", "3 results compared, all as they were made.\n")
    draw(out / "a.png", 1)
    assert run("--verify", sources=())[0] == 1
    assert sorted(path.name for path in (out / ".studio").iterdir()) == before
