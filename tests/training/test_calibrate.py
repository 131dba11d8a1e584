import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from models.runtime import graphs, quantised
from tests.models.test_quantised import upscaler
from tests.training.scenes import scene, write_photographs
from training.__main__ import main
from training.calibrate import ranges


def test_ranges_are_those_of_what_goes_into_each_convolution():
    """Two convolutions of one number each: the second is given three times the picture, less 1."""
    x = operations.parameter([1, 3, -1, -1], np.float32, name="x")
    unit = np.eye(3, dtype=np.float32)[:, :, None, None]
    inner = operations.convolution(x, operations.constant(3 * unit), [1, 1], [0, 0], [0, 0], [1, 1])
    moved = operations.subtract(inner, operations.constant(np.float32(1)))
    outer = operations.convolution(moved, operations.constant(unit), [1, 1], [0, 0], [0, 0], [1, 1])
    pictures = [scene(40, 40, seed=seed) for seed in range(3)]
    measured = ranges(openvino.Model([outer], [x]), iter(pictures))
    least, most = min(p.min() for p in pictures), max(p.max() for p in pictures)
    np.testing.assert_allclose(measured, [(least, most), (3 * least - 1, 3 * most - 1)], atol=0.01)


def test_the_command_writes_ranges_and_leaves_the_rest(tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 2, size=96)
    path = upscaler(tmp_path / "made")
    weights = path.with_suffix(".bin").read_bytes()
    said = ["calibrate", str(path), "--scale", "2", "--data", str(data), "--patches", "3", "--patch", "64"]
    assert main(said) == 0
    assert str(path) in capsys.readouterr().out
    assert quantised.ranges_of(graphs.read(path)).shape == (4, 2)
    assert path.with_suffix(".bin").read_bytes() == weights
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "last.pt",
        "network.bin",
        "network.safetensors",
        "network.xml",
    ]
    assert main([*said[:-4], "--patch", "640"]) == 1
    assert "640" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["--scale=1", "--data"])
def test_wrong_use_is_told(way):
    with pytest.raises(SystemExit, match="2"):
        main(["calibrate", "fast.xml", way])
