"""Every training command of CONTRIBUTING runs, for one step on small patches."""

import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from models.networks.realesrgan import interpolate
from models.networks.srvgg import SRVGG
from tests.training.faces import write_labelled, write_pictures, write_teacher
from tests.training.networks import vgg16
from tests.training.scenes import write_photographs
from training.__main__ import main
from training.weights import load_state

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text().replace("\\\n", "")
COMMANDS = [shlex.split(line)[3:] for line in TEXT.splitlines() if line.startswith("    python -m training ")]
SMALL = ["--steps", "1", "--batch", "2", "--patch", "64", "--held-out", "1", "--workers", "0", "--threads", "1"]
QUICK = ["--minutes", "0.005", "--batch", "4", "--workers", "0"]
SHORTER = {
    "pack": ["--patch", "48"],
    "export": [],
    "calibrate": ["--patch", "48", "--patches", "2"],
    "find": QUICK,
    "identify": QUICK,
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with all that the commands name."""
    write_photographs(tmp_path / "PHOTOGRAPHS", 4, size=64)
    bundled = tmp_path / "models" / "bundled"
    bundled.mkdir(parents=True)
    for path in (ROOT / "models" / "bundled").glob("*.safetensors"):
        shutil.copy(path, bundled)
    torch.manual_seed(0)
    torch.save({"params_ema": SRVGG(num_feat=8, num_conv=2, scale=4).state_dict()}, tmp_path / "x4plus.pth")
    torch.save(vgg16(), tmp_path / "vgg16.pth")
    write_labelled(tmp_path / "FACES.tar", tmp_path / "FACES.csv")
    write_pictures(tmp_path / "ALIGNED.tar", {f"{i}.png": np.zeros((64, 64, 3), np.uint8) for i in range(2)})
    write_teacher(tmp_path / "mobilefacenet.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.tasks.colorize.PRIOR_PATCHES", 4)
    for task in ("task", "colorize", "repair", "fill"):
        monkeypatch.setattr(f"training.tasks.{task}.VALIDATION_PATCHES", 2)
    return tmp_path


def small(command):
    options = SHORTER.get(command[0], SMALL)
    return [*command, *options, *(["--pool", "4"] if "--pool" in command else [])]


def test_every_command_runs(place, capsys):
    for command in COMMANDS:
        assert main(small(command)) == 0, (command, capsys.readouterr().err)
    kinds = [command[0] for command in COMMANDS]
    assert set(kinds) >= {"upscale", "denoise", "deblur", "repair", "fill", "colorize", "export", "pack", "calibrate"}
    assert set(kinds) >= {"find", "identify"}
    crisp, faithful = (load_state(place / "RUN" / name / "last.pt") for name in ("crisp", "faithful"))
    assert interpolate(crisp, faithful, 0.5).keys() == crisp.keys()
    assert any(not torch.equal(crisp[key], faithful[key]) for key in crisp)
    assert len(list((place / "INPUTS").iterdir())) == 3


def test_the_commands_for_a_card_take_less_than_15_minutes_together():
    card = [command for command in COMMANDS if "--batch" in command and "INPUTS/photographs.tar" in command]
    minutes = [float(command[command.index("--minutes") + 1]) for command in card]
    assert len(card) == 5
    assert sum(minutes) <= 11.5
