"""The comparison with peers, as far as it needs none of their packages."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from benchmarks.__main__ import main
from benchmarks.pixels import eight_bits
from benchmarks.speed import same_weights, timing
from models.networks.srvgg import SRVGG
from tests.photographs import photograph


@pytest.fixture
def weights(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SRVGG(num_feat=4, num_conv=2, scale=2)
    save_file(network.state_dict(), tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


def test_contenders_take_turns():
    log = []
    seconds = timing.take_turns({"a": lambda: log.append("a"), "b": lambda: log.append("b")}, rounds=3)
    assert "".join(log) == "ababab"
    assert [len(taken) for taken in seconds.values()] == [3, 3]


def test_a_ratio_is_the_median_over_the_rounds():
    assert timing.ratio({"slow": [4.0, 9.0, 90.0], "fast": [2.0, 3.0, 1.0]}, "slow", "fast") == 3


def test_a_difference_counts_steps_of_255():
    picture = np.zeros((2, 2, 3), np.uint8)
    other = picture.copy()
    other[0, 0] = 255, 3, 0
    assert same_weights.difference(picture, other) == same_weights.Difference(255, 258 / 12)
    assert same_weights.difference(picture, picture) == same_weights.Difference(0, 0.0)


def test_ours_is_the_network_itself_to_8_bits(weights):
    picture = eight_bits(photograph("coffee", 64))
    network = SRVGG(num_feat=4, num_conv=2, scale=2).eval()
    network.load_state_dict(load_file(weights))
    with torch.inference_mode():
        x = torch.from_numpy(picture.transpose(2, 0, 1)[None] / np.float32(255))
        expected = network(x)[0].numpy().transpose(1, 2, 0).clip(0, 1)
    enlarged = same_weights.ours(weights)["studio float32"](picture)
    assert same_weights.difference(enlarged, eight_bits(expected)).largest <= 1


@pytest.mark.skipif(find_spec("realesrgan") is not None, reason="the peers are here")
def test_missing_peers_are_an_error(weights, tmp_path, capsys):
    Image.fromarray(eight_bits(photograph("coffee", 64))).save(tmp_path / "photo.png")
    assert main(["peers", str(tmp_path / "photo.png"), "--weights", str(weights)]) == 1
    assert "make peers" in capsys.readouterr().err


WRONG = [
    [],
    ["peers"],
    ["peers", "photo.png", "--weights", "small.pth", "--rounds", "0"],
    ["quality", "--truth", ".", "--tasks", "unknown"],
]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_use_exits_with_2(arguments):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def test_a_missing_folder_is_an_error_not_a_traceback(tmp_path, capsys):
    assert main(["quality", "--truth", str(tmp_path / "nothing")]) == 1
    assert "found none" in capsys.readouterr().err
