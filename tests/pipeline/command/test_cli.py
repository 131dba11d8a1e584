"""What the command `restore` makes of photographs, and what it reports."""

import json

import numpy as np
from PIL import Image

from pipeline.command.cli import main
from tests.pipeline.command.results import size


def test_one_photograph_into_a_file(folder, tmp_path, capsys):
    out = tmp_path / "out.jpg"
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(out), "--scale", "4"]
    assert main([*command, "--deblur-model", "deblurgan-mobilenet"]) == 0
    assert size(out) == ("JPEG", (512, 340))
    said = capsys.readouterr()
    assert "512x340" in said.out
    assert "Deblur" in said.err


def test_a_folder_becomes_png_and_keeps_its_structure(folder, tmp_path):
    out = tmp_path / "out"
    assert main(["restore", str(folder), "-o", str(out), "--only", "denoise"]) == 0
    assert size(out / "coffee.png") == ("PNG", (128, 85))
    assert size(out / "sub" / "cat.png")[0] == "PNG"


def test_a_broken_file_harms_no_other(folder, tmp_path, capsys):
    (folder / "a-broken.jpg").write_bytes(b"not a picture")
    out = tmp_path / "out"
    code = main(["restore", str(folder), "-o", str(out), "--only", "sharpen", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert [p["status"] for p in report["photographs"]] == ["failed", "done", "done"]
    assert report["photographs"][0]["error"]
    assert sorted(p.name for p in out.rglob("*.png")) == ["cat.png", "coffee.png"]


def test_the_report_holds_sizes_timings_and_notices(folder, tmp_path, capsys):
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "o"), "--max-pixels", "4000", "--json"]
    assert main(command) == 0
    photo = json.loads(capsys.readouterr().out)["photographs"][0]
    assert photo["original_size"] == [128, 85]
    assert np.prod(photo["working_size"]) <= 4000
    assert photo["size"] == [side * 2 for side in photo["working_size"]]
    assert [s["stage"] for s in photo["stages"]] == ["denoise", "deblur", "upscale", "post-denoise", "sharpen"]
    assert {n["code"] for n in photo["notices"]} >= {"reduced"}


def test_strict_refuses_what_is_over_the_cap(folder, tmp_path, capsys):
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "o"), "--max-pixels", "4000", "--strict"]
    assert main(command) == 1
    assert "128 x 85" in capsys.readouterr().err


def suggestions(report):
    return [notice for notice in json.loads(report)["photographs"][0]["notices"] if "suggest" in notice["code"]]


def test_simple_mode_suggests_colour_for_what_has_none_and_does_not_add_it(folder, tmp_path, capsys):
    Image.open(folder / "coffee.jpg").convert("L").save(folder / "grey.png")
    command = ["restore", str(folder / "grey.png"), "-o", str(tmp_path / "out"), "--json", "--overwrite"]
    assert main([*command, "--no-upscale"]) == 0
    (suggestion,) = suggestions(capsys.readouterr().out)
    assert suggestion["code"] == "colorize-suggested"
    assert "black and white" in suggestion["message"]
    pixels = np.asarray(Image.open(tmp_path / "out" / "grey.png"))
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()
    for said in (["--no-colorize", "--no-upscale"], ["--only", "denoise"]):
        assert main([*command, *said]) == 0
        assert not suggestions(capsys.readouterr().out)


def test_simple_mode_suggests_nothing_for_colours(folder, tmp_path, capsys):
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "out"), "--no-upscale", "--json"]
    assert main(command) == 0
    assert not suggestions(capsys.readouterr().out)


def test_the_report_says_on_what_and_how_exactly_the_networks_ran(folder, tmp_path, capsys):
    said = ["--device", "cpu", "--precision", "float32", "--json"]
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path), "--only", "sharpen", *said]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["device"], report["precision"]) == ("cpu", "float32")
