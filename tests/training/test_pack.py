import pytest
import safetensors.torch
import torch

from models.networks.srvgg import SRVGG, build
from pipeline.errors import OptionError
from tests.training.networks import vgg16
from tests.training.scenes import write_photographs
from training.__main__ import main
from training.data import read_photographs
from training.learning.perceptual import Features
from training.pack import MARGIN, pack
from training.weights import load_state


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("photographs"), 120, size=48)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    safetensors.torch.save_file(SRVGG(num_feat=16, num_conv=4, scale=4).state_dict(), path)
    return path


@pytest.mark.parametrize("bits", [16, 8])
def test_the_files_stay_within_the_bytes_and_can_be_read(photographs, teacher, tmp_path, bits):
    torch.save(vgg16(), tmp_path / "vgg16.pth")
    room = 0.1 + 15.4 * bits / 16
    options = f"--megabytes {room} --patch 32 --bits {bits} --teacher {teacher} --vgg16 {tmp_path / 'vgg16.pth'}"
    assert main(["pack", "--data", str(photographs), "--out", str(tmp_path / "out"), *options.split()]) == 0
    used = sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert room * 0.97e6 < used <= room * 1e6
    Features(load_state(tmp_path / "out" / "vgg16.safetensors"))
    picture = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        before, after = (build(load_state(path))(picture) for path in (teacher, tmp_path / "out/teacher.safetensors"))
    assert (before - after).abs().max() < {16: 1e-4, 8: 1e-3}[bits]


def test_photographs_are_squares_of_all_sources(photographs, tmp_path):
    bright = tmp_path / "bright"
    write_photographs(bright, 3, size=64)
    count = pack([photographs, bright], tmp_path / "out", megabytes=0.06, patch=40)
    made = read_photographs(tmp_path / "out" / "photographs.tar", side=40)
    assert len(made) == count
    assert {photo.pixels.shape[0] for photo in made} == {48, round(MARGIN * 40)}
    assert (tmp_path / "out" / "photographs.tar").stat().st_size <= 60_000


def test_fewer_bytes_than_the_networks_take_are_refused(photographs, teacher, tmp_path):
    with pytest.raises(OptionError, match="--megabytes"):
        pack([photographs], tmp_path / "out", megabytes=0.02, patch=48, teacher=teacher)
