"""What ends a run early, and what a terminal shows."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.batch.resume import resume
from pipeline.command.cli import main

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["red\x1b[31m\n\u202etext", "not utf-8 \udcff"])
def test_a_name_cannot_control_the_terminal(folder, tmp_path, capsys, name):
    (folder / "coffee.jpg").rename(folder / f"{name}.jpg")
    (folder / "sub" / f"{name}.jpg").write_bytes(b"broken")
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen"]
    assert main(command) == 1
    said = capsys.readouterr()
    assert (len(said.out.splitlines()), len(said.err.splitlines())) == (2, 2)  # the last line sums up
    assert (said.out + said.err).replace("\n", "").isprintable()
    assert main([*command, "--json", "--overwrite"]) == 1
    assert any(name in photo["source"] for photo in json.loads(capsys.readouterr().out)["photographs"])


def test_the_report_is_printed_where_somebody_stops_the_batch(folder, tmp_path, capsys, monkeypatch):
    def stop_at_the_second(*args):
        yield next(resume(*args))
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.command.restore.resume", stop_at_the_second)
    assert main(["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen", "--json"]) == 130
    said = capsys.readouterr()
    assert [photo["status"] for photo in json.loads(said.out)["photographs"]] == ["done"]
    assert "1 restored photograph is kept.\nstopped." in said.err


def test_a_stopped_command_that_made_nothing_keeps_nothing(folder, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.command.restore.resume", stop)
    assert main(["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen"]) == 130
    assert capsys.readouterr().err == "stopped. Run the same command again to go on.\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stop_while_modules_are_imported_is_told_in_one_line(tmp_path, name):
    (tmp_path / "cv2.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")  # as if slow
    command = [sys.executable, "-m", "pipeline", "models", "list"]
    where = {**os.environ, "PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "importing\n"
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "stopped; nothing was done.\n")


def test_a_name_that_the_terminal_does_not_know_stops_nothing(folder, tmp_path):
    (folder / "coffee.jpg").rename(folder / "кофе.jpg")
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "restore",
        str(folder),
        "-o",
        str(tmp_path / "out"),
        "--only",
        "sharpen",
    ]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert ran.returncode == 0, ran.stderr
    assert b"\\u043a\\u043e" in ran.stdout


def test_a_reader_that_stops_early_gets_no_traceback():
    command = f"{sys.executable} -m pipeline models list | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode in (0, 1)  # 0 if everything fitted into the pipe
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr
