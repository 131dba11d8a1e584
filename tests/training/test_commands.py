import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from models.networks.srvgg import SRVGG
from models.runtime import graphs
from pipeline.errors import OptionError
from tests.models.restorers import random_unet
from tests.training.scenes import write_photographs
from training.__main__ import main
from training.checkpoints import build
from training.export import export

ROOT = Path(__file__).parents[2]
NETWORKS = {
    "upscaler": (SRVGG(num_feat=8, num_conv=2, scale=4), 4),
    "restorer": (random_unet(widths=(4, 8), blocks=(1, 2), fold=2), 1),
    "restorer of two": (random_unet(widths=(4, 8), blocks=(1, 2), fold=2, pictures=2), 1),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]


@pytest.fixture
def checkpoint(network, tmp_path):
    path = tmp_path / "last.pt"
    torch.save({"average": network[0].state_dict()}, path)
    return path


def test_exported_files_are_equal(checkpoint, network, tmp_path):
    safetensors_file, graph, _ = export(checkpoint, tmp_path / "made" / "fast")
    _, scale = network
    rounded = build(safetensors.torch.load_file(safetensors_file))
    compiled = graphs.core().compile_model(graphs.read(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for shape in [(1, 16, 16), (1, 8, 32), (2, 40, 24)]:
        batch, height, width = shape
        x = torch.rand(batch, 3 * getattr(rounded, "pictures", 1), height, width)
        with torch.inference_mode():
            expected = rounded(x).numpy()
        result = compiled({"x": x.numpy()})[0]
        assert result.shape == (batch, 3, scale * height, scale * width)
        assert np.abs(result - expected).max() < 1e-4


def test_exported_weights_are_the_trained_ones_in_half_precision(checkpoint, tmp_path):
    path = export(checkpoint, tmp_path / "fast")[0]
    trained = torch.load(checkpoint, weights_only=True)["average"]
    for key, tensor in safetensors.torch.load_file(path).items():
        assert torch.equal(tensor, trained[key].half())


@pytest.mark.parametrize(("flags", "factor"), [([], 2.0), (["--share", "0.25"], 2.5), (["--share", "1"], 1.0)])
def test_the_mean_with_another_file_lies_between(checkpoint, tmp_path, flags, factor):
    trained = torch.load(checkpoint, weights_only=True)["average"]
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file({key: 3 * tensor for key, tensor in trained.items()}, other)
    command = ["export", str(checkpoint), "--mean-with", str(other), "--out", str(tmp_path / "fast")]
    assert main([*command, *flags]) == 0
    for key, tensor in safetensors.torch.load_file(tmp_path / "fast.safetensors").items():
        assert torch.allclose(tensor.float(), factor * trained[key], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("share", [0, 1.5])
def test_a_share_that_is_none_is_refused(checkpoint, tmp_path, share):
    other = export(checkpoint, tmp_path / "other")[0]
    with pytest.raises(OptionError, match="share"):
        export(checkpoint, tmp_path / "fast", mean_with=other, share=share)


def test_the_mean_with_another_network_is_refused(checkpoint, tmp_path):
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file(SRVGG(num_feat=4, num_conv=1, scale=2).state_dict(), other)
    with pytest.raises(CheckpointMismatch):
        export(checkpoint, tmp_path / "fast", mean_with=other)


def test_what_is_not_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(WeightsMissing):
        export(tmp_path / "none.pt", tmp_path / "fast")
    torch.save({"params": {}}, tmp_path / "other.pt")
    with pytest.raises(WeightsCorrupt, match=r"last\.pt"):
        export(tmp_path / "other.pt", tmp_path / "fast")


def test_upscale_then_export(tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 3, size=40)
    run = tmp_path / "run"
    arguments = "--scale 2 --features 4 --steps 2 --batch 2 --patch 32 --held-out 1"
    options = [*arguments.split(), "--workers", "0", "--threads", "1", "--losses", "l1=1,gradient=0.5"]
    assert main(["upscale", "--data", str(data), "--out", str(run), *options]) == 0
    assert "psnr" in capsys.readouterr().out
    assert main(["export", str(run / "last.pt"), "--out", str(tmp_path / "fast")]) == 0
    state = safetensors.torch.load_file(tmp_path / "fast.safetensors")
    assert build(state).scale == 2
    assert main(["export", str(run / "average.safetensors"), "--out", str(tmp_path / "same")]) == 0
    assert (tmp_path / "same.safetensors").read_bytes() == (tmp_path / "fast.safetensors").read_bytes()


def test_training_an_upscaler_needs_no_openvino(tmp_path):
    data = write_photographs(tmp_path / "photographs", 3, size=40)
    code = (
        "import sys; sys.modules['openvino'] = None; from training.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    options = "--scale 2 --features 4 --steps 1 --batch 2 --patch 32 --held-out 1 --workers 0 --threads 1"
    command = ["upscale", "--data", str(data), "--out", str(tmp_path / "run"), *options.split()]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "last.pt").is_file()


def test_errors_are_one_line_and_exit_code_1(tmp_path, capsys):
    assert main(["export", str(tmp_path / "none.pt"), "--out", str(tmp_path / "fast")]) == 1
    assert capsys.readouterr().err.startswith("error: Expected a checkpoint")


@pytest.mark.parametrize(
    "wrong", [[], ["sharpen"], ["deblur"], ["upscale"], ["upscale", "--data", ".", "--out", ".", "--losses", "x"]]
)
def test_wrong_use_is_exit_code_2(wrong, capsys):
    with pytest.raises(SystemExit) as stop:
        main(wrong)
    assert stop.value.code == 2
    assert capsys.readouterr().err


def test_degrade_writes_the_same_damage_for_the_same_seed(tmp_path):
    data = write_photographs(tmp_path / "photographs", 2)
    main(["degrade", str(data), "-o", str(tmp_path / "all"), "--seed", "5"])
    one = str(data / "photo1.png")
    main(["degrade", one, "-o", str(tmp_path / "one"), "--recipe", "old_photo", "--seed", "5"])
    main(["degrade", one, "-o", str(tmp_path / "other"), "--seed", "6"])
    pixels = [np.asarray(Image.open(tmp_path / d / "photo1.png")) for d in ("all", "one", "other")]
    assert np.array_equal(pixels[0], pixels[1])
    assert not np.array_equal(pixels[0], pixels[2])
    assert (tmp_path / "all" / "photo0.png").is_file()
