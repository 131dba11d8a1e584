"""Wrong use is reported in one line."""

import json
from pathlib import Path

import pytest

from pipeline.command.cli import main
from pipeline.plan import arrange, to_json

ADVICE = "Check the path, the permissions and the room on the disk."


def test_what_is_no_picture_is_counted_in_one_line(folder, tmp_path, capsys):
    (folder / "notes.txt").write_text("a list")
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen", "--json"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.err == "Passed over 1 file that is no picture.\n"
    assert json.loads(said.out)["passed_over"] == 1
    (folder / "sub" / "list.pdf").write_bytes(b"%PDF-1.7")
    main([*command, "--overwrite"])
    assert capsys.readouterr().err.startswith("Passed over 2 files that are no pictures.\n")


def test_names_that_no_disk_takes_are_told_in_one_line(folder, tmp_path, capsys):
    for sources, out in (("x" * 300, "out"), (str(folder / "coffee.jpg"), "x" * 300)):
        assert main(["restore", sources, "-o", str(tmp_path / out), "--only", "sharpen"]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_told_in_one_line(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "out"
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(out), "--only", "sharpen"]) == 1
    assert capsys.readouterr().err.endswith(f"{out}: Not a directory. {ADVICE}\n")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--only", "denoise,blur"], "no stage 'blur'"),
        (["--scale", "9"], "from 1 to 4"),
        (["--denoise-strength", "-1"], "from 0 to 3"),
        (["--no-sharpen", "--sharpen-amount", "1"], "add --sharpen"),
        (["--colorize-saturation", "1"], "add --colorize"),
        (["--only", "denoise", "--scale", "4"], "--scale was given, but upscale does not run"),
        (["--settings", "nowhere.json"], "cannot be read"),
        (["--settings", "in/coffee.jpg"], "not UTF-8 text"),
        (["--settings", "s.json", "--tier", "full"], "remove --tier"),
        (["--upscale-model", "fsat"], "or the path of a file"),
        (["--only", ""], "no stage ''"),
        (["--max-pixels", "0"], "pixels"),
        (["--quality", "0"], "uality"),
        (["--settings", "huge.json"], "at most 1000000 bytes"),
        (["--settings", "in"], "Is a directory"),
        (["--only", "faces", "--no-faces"], "No stage is left"),
        (["--settings", "empty.json"], "No stage is left"),
        (["--faces", "--faces-strengths", "0.5,0.5,2"], "each from 0 to 1"),
        (["--faces", "--faces-strengths", "0.5,0.5,1 .5,0.50,0"], "gives 0.5,0.5 2"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(folder, tmp_path, capsys, monkeypatch, flags, says):
    monkeypatch.chdir(tmp_path)
    with Path("huge.json").open("wb") as file:
        file.truncate(100_000_000)
    Path("empty.json").write_text(to_json(arrange([])))
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "o"), *flags]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--quality", "50.5"], ["--page", "0"], ["--max-pixels", "x\n\x1b[0m"], ["--dark"]])
def test_a_wrong_argument_is_told_in_one_line(capsys, flags):
    with pytest.raises(SystemExit) as caught:
        main(["restore", "x.jpg", "-o", "out", *flags])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert flags[-1].splitlines()[0] in said


@pytest.mark.parametrize("command", [[], ["restore"], ["restore", "x"], ["models", "burn"], ["restore", "x", "-o"]])
def test_unparsable_commands_exit_with_2(command):
    with pytest.raises(SystemExit) as caught:
        main(command)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("out", "flags", "says"),
    [
        ("one.png", [], "name a folder"),
        ("one.bmp", ["--only", "denoise"], "must end in one of .png"),
        ("one.png", ["--format", "jpeg"], "make them agree"),
    ],
)
def test_an_output_that_does_not_fit_is_told(folder, tmp_path, capsys, out, flags, says):
    source = folder if "folder" in says else folder / "coffee.jpg"
    assert main(["restore", str(source), "-o", str(tmp_path / out), *flags]) == 2
    assert says in capsys.readouterr().err


def test_a_photograph_that_does_not_exist_is_named(tmp_path, capsys):
    assert main(["restore", "nowhere.jpg", "-o", str(tmp_path / "o.png")]) == 1
    assert "nowhere.jpg does not exist" in capsys.readouterr().err
