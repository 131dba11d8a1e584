"""Which files are read, which are written, and which are never replaced."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.command.cli import main
from tests.pipeline.command.results import size


def test_nothing_is_overwritten_unless_told(folder, tmp_path, capsys):
    out = tmp_path / "out.png"
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(out), "--only", "denoise"]
    out.write_bytes(b"mine")
    assert main(command) == 1
    assert out.read_bytes() == b"mine"
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert size(out)[0] == "PNG"


def test_photographs_of_one_name_get_results_of_their_own(folder, tmp_path):
    source, out = tmp_path / "scans", tmp_path / "out"
    source.mkdir()
    for name in ["coffee.jpg", "coffee.png", "Coffee.webp", "scan.0001", "scan.0002"]:
        (source / name).write_bytes((folder / "coffee.jpg").read_bytes())
    assert main(["restore", str(source), "-o", str(out), "--only", "denoise"]) == 0
    made = {path.name for path in out.iterdir()} - {".studio"}
    assert made == {"coffee_jpg.png", "coffee_png.png", "Coffee_webp.png", "scan.0001.png", "scan.0002.png"}


def test_each_photograph_keeps_its_own_format(folder, tmp_path, capsys):
    picture = Image.open(folder / "coffee.jpg")
    for name in ("a.JPG", "b.tif", "c.webp", "d.png", "e.gif", "wrong.png"):
        picture.save(folder / name, "JPEG" if name == "wrong.png" else None)
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen", "--format", "same"]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    made = {Path(photo["target"]).name: photo for photo in report["photographs"]}
    forms = {name: size(tmp_path / "out" / name)[0] for name in made if name != "cat.png"}
    assert forms == {
        "a.JPG": "JPEG",
        "b.tif": "TIFF",
        "c.webp": "WEBP",
        "coffee.jpg": "JPEG",
        "d.png": "PNG",
        "e.png": "PNG",
        "wrong.jpg": "JPEG",
    }
    assert {photo["format"] for photo in made.values()} == {"jpeg", "png", "tiff", "webp"}
    told = {name for name, photo in made.items() if "format-not-written" in {n["code"] for n in photo["notices"]}}
    assert told == {"e.png"}
    one = ["restore", str(folder / "coffee.jpg"), "--only", "sharpen", "--format", "same", "-o"]
    assert main([*one, str(tmp_path / "one.png")]) == 2
    assert "asks for jpeg; make them agree" in capsys.readouterr().err
    assert main([*one, str(tmp_path / "one.jpg")]) == 0


def test_a_number_is_no_ending_of_a_folder(folder, tmp_path):
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "out.2024"), "--only", "sharpen"]) == 0
    assert size(tmp_path / "out.2024" / "coffee.png")[0] == "PNG"


def test_a_folder_of_masks_marks_the_damage_of_photographs_of_the_same_name(folder, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    drawn = np.zeros((170, 256), np.uint8)
    drawn[40:60, 40:200] = 255
    Image.fromarray(drawn).save(masks / "coffee.png")
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "repair", "--repair-filler", "telea"]
    assert main([*command, "--repair-grow", "3", "--repair-mask", str(masks), "--json"]) == 0
    coffee, cat = json.loads(capsys.readouterr().out)["photographs"]
    notices = {notice["code"]: notice["values"] for notice in coffee["notices"]}
    assert set(notices) == {"mask-resized", "repair-filled-by-hand"}
    changed = np.asarray(Image.open(coffee["target"])) != np.asarray(Image.open(coffee["source"]))
    assert notices["repair-filled-by-hand"]["share"] == pytest.approx(
        16 * 86 / (85 * 128), abs=0.003
    )  # grown by 3 pixels
    assert changed.any(axis=2).mean() <= notices["repair-filled-by-hand"]["share"]
    assert "mask-missing" in {notice["code"] for notice in cat["notices"]}


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["", "overwrite"])
def test_a_photograph_of_the_run_is_never_replaced(tmp_path, overwrite, capsys):
    first, second = tmp_path / "a.jpg", tmp_path / "b.png"
    for path, colour in ((first, "red"), (second, "blue")):
        Image.new("RGB", (40, 30), colour).save(path)
    original = second.read_bytes()
    command = ["restore", str(first), str(second), "--only", "denoise", "-o", str(tmp_path), *overwrite]
    assert main(command) == 2
    assert "b.png is one of them, or a mask. Choose another output" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.png"]  # refused before anything is written
    assert main(["restore", str(second), "-o", str(second), "--only", "denoise", *overwrite]) == 2
    assert second.read_bytes() == original


def test_a_mask_of_the_run_is_never_replaced(folder, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.new("L", (128, 85), 255).save(masks / "coffee.png")
    original = (masks / "coffee.png").read_bytes()
    for mask in (masks, masks / "coffee.png"):
        command = ["restore", str(folder / "coffee.jpg"), "-o", str(masks), "--only", "repair", "--overwrite"]
        assert main([*command, "--repair-mask", str(mask)]) == 2
        assert (masks / "coffee.png").read_bytes() == original


def test_a_photograph_that_is_named_twice_is_restored_once(folder, tmp_path, capsys):
    sources = [str(folder / "coffee.jpg"), str(folder), str(folder / "sub" / ".." / "coffee.jpg")]
    assert main(["restore", *sources, "-o", str(tmp_path / "out"), "--only", "sharpen", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    targets = [Path(photo["target"]).relative_to(tmp_path / "out").as_posix() for photo in report["photographs"]]
    assert targets == ["coffee.png", "sub/cat.png"]


def test_pages_of_a_file_are_chosen(tmp_path, capsys):
    pages = [np.full((40, 60, 3), value, np.uint8) for value in (40, 120, 200)]
    with tifffile.TiffWriter(tmp_path / "scans.tif") as file:
        for page in pages:
            file.write(page, photometric="rgb")
    command = ["restore", str(tmp_path / "scans.tif"), "--only", "post-denoise", "--post-denoise-sigma", "0"]
    assert main([*command, "-o", str(tmp_path / "second.png"), "--page", "2"]) == 0
    assert np.asarray(Image.open(tmp_path / "second.png"))[0, 0, 0] == 120
    assert main([*command, "-o", str(tmp_path / "out"), "--page", "all"]) == 0
    made = {path.name: np.asarray(Image.open(path))[0, 0, 0] for path in (tmp_path / "out").iterdir()}
    assert made == {"scans_page1.png": 40, "scans_page2.png": 120, "scans_page3.png": 200}
    assert main([*command, "-o", str(tmp_path / "ninth.png"), "--page", "9"]) == 1
    assert "9" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "-o", str(tmp_path / "none.png"), "--page", "0"])


def test_a_result_keeps_the_date_of_its_photograph(folder, tmp_path):
    os.utime(folder / "coffee.jpg", (1_000_000_000, 1_000_000_000))
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "out.png"), "--only", "denoise"]) == 0
    assert (tmp_path / "out.png").stat().st_mtime == 1_000_000_000
