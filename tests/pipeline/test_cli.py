import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.batch.resume import resume
from pipeline.command import arguments
from pipeline.command.cli import main
from pipeline.finish import Finish
from pipeline.options import Number, rules
from pipeline.plan import arrange, simple, to_json
from pipeline.stages import STAGES, Denoise, PostDenoise, Sharpen
from tests.photographs import photograph

ROOT = Path(__file__).parents[2]
ADVICE = "Check the path, the permissions and the room on the disk."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two small photographs, in a folder, and no downloaded models."""
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    place = tmp_path / "in"
    (place / "sub").mkdir(parents=True)
    for name, path in (("coffee", place / "coffee.jpg"), ("chelsea", place / "sub" / "cat.png")):
        pixels = (photograph(name, 128) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)
    return place


def size(path):
    with Image.open(path) as image:
        return image.format, image.size


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


def test_nothing_is_overwritten_unless_told(folder, tmp_path, capsys):
    out = tmp_path / "out.png"
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(out), "--only", "denoise"]
    out.write_bytes(b"mine")
    assert main(command) == 1
    assert out.read_bytes() == b"mine"
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert size(out)[0] == "PNG"


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


@pytest.mark.parametrize("name", ["red\x1b[31m\n\u202etext", "not utf-8 \udcff"])
def test_a_name_cannot_control_the_terminal(folder, tmp_path, capsys, name):
    (folder / "coffee.jpg").rename(folder / f"{name}.jpg")
    (folder / "sub" / f"{name}.jpg").write_bytes(b"broken")
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--only", "sharpen"]
    assert main(command) == 1
    said = capsys.readouterr()
    assert (len(said.out.splitlines()), len(said.err.splitlines())) == (2, 1)
    assert (said.out + said.err).replace("\n", "").isprintable()
    assert main([*command, "--json", "--overwrite"]) == 1
    assert any(name in photo["source"] for photo in json.loads(capsys.readouterr().out)["photographs"])


def test_names_that_no_disk_takes_are_told_in_one_line(folder, tmp_path, capsys):
    for sources, out in (("x" * 300, "out"), (str(folder / "coffee.jpg"), "x" * 300)):
        assert main(["restore", sources, "-o", str(tmp_path / out), "--only", "sharpen"]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_told_in_one_line(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "out"
    assert main(["restore", str(folder / "coffee.jpg"), "-o", str(out), "--only", "sharpen"]) == 1
    assert capsys.readouterr().err.endswith(f"{out}: Not a directory. {ADVICE}\n")


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


def test_settings_files_are_read_and_flags_overrule_them(folder, tmp_path, capsys):
    settings = tmp_path / "settings.json"
    settings.write_text('{"stages": {"denoise": {}, "upscale": {"scale": 4}}}')
    command = ["restore", str(folder / "coffee.jpg"), "--settings", str(settings), "--json", "-o"]
    main([*command, str(tmp_path / "one")])
    main([*command, str(tmp_path / "two"), "--scale", "2", "--no-denoise"])
    one, two = (json.loads(text) for text in capsys.readouterr().out.replace("}\n{", "}\n\0{").split("\0"))
    assert one["photographs"][0]["size"] == [512, 340]
    assert two["photographs"][0]["size"] == [256, 170]
    assert [s["stage"] for s in two["photographs"][0]["stages"]] == ["upscale"]


def test_a_stage_that_was_asked_for_by_name_fails_without_its_model(folder, tmp_path, capsys):
    command = ["restore", str(folder / "coffee.jpg"), "-o", str(tmp_path / "o"), "--deblur", "--deblur-always"]
    code = main([*command, "--deblur-model", "deblurgan-mobilenet"])
    assert code == 1
    assert "models download deblurgan-mobilenet" in capsys.readouterr().err


def test_the_finish_is_applied(folder, tmp_path):
    command = ["restore", str(folder / "coffee.jpg"), "--only", "denoise", "-o"]
    main([*command, str(tmp_path / "plain.png")])
    main([*command, str(tmp_path / "soft.png"), "--finish-blur", "3"])
    plain, soft = (np.asarray(Image.open(tmp_path / f"{name}.png"), float) for name in ("plain", "soft"))
    assert np.abs(np.diff(soft, axis=1)).mean() < np.abs(np.diff(plain, axis=1)).mean() / 2


def test_models_are_listed_and_what_is_not_downloaded_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "fast-x4" in listed
    assert "missing" in listed
    assert main(["models", "verify", "fast-x4", "siggraph17"]) == 0
    told = capsys.readouterr().out
    assert "fast-x4: bundled" in told
    assert "siggraph17: missing" in told


def test_a_tampered_model_is_named_with_what_was_expected(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    (tmp_path / "RealESRGAN_x4plus.pth").write_bytes(b"something else")
    assert main(["models", "verify", "realesrgan-x4plus"]) == 1
    assert "expected" in capsys.readouterr().err.lower()


@pytest.mark.slow
def test_the_default_chain_imports_neither_torch_nor_streamlit(folder, tmp_path):
    script = (
        "import sys; from pipeline.command.cli import main\n"
        f"code = main(['restore', {str(folder / 'coffee.jpg')!r}, '-o', {str(tmp_path / 'o.png')!r}])\n"
        "print(code, sorted({'torch', 'streamlit', 'spandrel'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0 []"
    assert "\r" not in run.stderr  # no progress line in a pipe


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


def test_settings_and_only_name_stages_and_keep_what_the_file_says(tmp_path):
    (tmp_path / "s.json").write_text(to_json(arrange([Denoise(0.3), Sharpen(2.0)], finish=Finish(0.5, 0))))
    plan = plan_of("--settings", str(tmp_path / "s.json"), "--only", "sharpen,post-denoise")
    assert plan.stages == (PostDenoise(), Sharpen(2.0))
    assert plan.finish == Finish(0.5, 0)


def plan_of(*flags):
    parser = argparse.ArgumentParser()
    arguments.add_plan(parser)
    return arguments.read_plan(parser.parse_args(flags))


@pytest.mark.parametrize("kind", STAGES)
def test_help_tells_what_a_plain_run_does(kind):
    parser = argparse.ArgumentParser(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=10_000))
    arguments.add_plan(parser)
    lines = parser.format_help()
    for name, rule in rules(kind).items():
        if isinstance(rule, Number) and name != "scale":
            (line,) = re.findall(rf"--{kind.name}-{name.replace('_', '-')} X\s+(.*)", lines)
            assert f"default {rule.default:g}" in line
            run = {stage.name: getattr(stage, name, None) for stage in simple().stages}.get(kind.name, rule.default)
            assert run == rule.default or f"{run:g} where the stages are those of simple mode" in line


def test_a_reader_that_stops_early_gets_no_traceback():
    command = f"{sys.executable} -m pipeline models list | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode in (0, 1)  # 0 if everything fitted into the pipe
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr
