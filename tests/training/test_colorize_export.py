"""The files of a colorizer: equal ones from equal weights, and small ones."""

import hashlib

import numpy as np
import pytest
import safetensors.torch
import torch

from models.families import bundled_colorizer
from models.files import bundled, weights
from models.networks.fast_colorizer import ColorClassifier, FastColorizer, build
from models.networks.unet import UNet
from models.runtime import graphs
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.lab import to_lab
from pipeline.stages import Colorize
from tests.photographs import photograph
from training.export import export
from training.tasks.colorize import COLORIZE


def checkpoint_of(network, folder):
    path = folder / "last.pt"
    torch.save({"average": network.state_dict()}, path)
    return path


def lively(seed=0):
    """A small colorizer whose answers differ from place to place."""
    torch.manual_seed(seed)
    network = ColorClassifier(widths=(8, 12, 16, 24)).eval()
    torch.nn.init.normal_(network.tail.weight, std=1.0)
    return network


def test_exported_files_are_equal_and_hold_temperature_and_gain(tmp_path):
    files = export(checkpoint_of(lively(), tmp_path), tmp_path / "made" / "fast-colorize", temperature=0.5, gain=1.5)
    network = build(safetensors.torch.load_file(files[0]))
    assert (network.temperature, network.gain) == (0.5, 1.5)
    compiled = graphs.core().compile_model(graphs.read(files[1]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for height, width in ((32, 64), (64, 64), (96, 160)):
        x = 100 * torch.rand(1, 1, height, width)
        with torch.inference_mode():
            expected = network(x).numpy()
        result = compiled({"x": x.numpy()})[0]
        assert result.shape == (1, 3, height // 4, width // 4)
        assert np.abs(result - expected).max() < 1e-2
        assert np.ptp(result[:, :2]) > 1
        assert 0 <= result[:, 2].min() <= result[:, 2].max() <= 1


@pytest.mark.parametrize("name", ["temperature", "gain"])
@pytest.mark.parametrize(("network", "value"), [(UNet(widths=(4, 8), blocks=(1, 1)), 0.5), (lively(), 0.0)])
def test_temperature_and_gain_are_for_colorizers_and_above_0(tmp_path, name, network, value):
    with pytest.raises(OptionError, match=f"colorizer and a {name} above 0"):
        export(checkpoint_of(network, tmp_path), tmp_path / "out", **{name: value})


def test_the_studio_runs_the_exported_files(tmp_path, monkeypatch):
    spec = bundled_colorizer()
    export(checkpoint_of(lively(), tmp_path), tmp_path / "fast-colorize")
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    digests = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in tmp_path.glob("fast-*"))
    (tmp_path / bundled.SUMS).write_text("\n".join(digests))
    monkeypatch.setattr("pipeline.stages.colorize.catalog.get", lambda model: spec)
    grey = np.repeat(photograph("coffee", 300)[..., 1:2], 3, axis=2)
    context = Context(Engine("cpu", "float32"))
    out, half = (Colorize(saturation=s, damping=0).run(grey, context) for s in (1.0, 0.5))
    assert np.abs(to_lab(out)[..., 0] - to_lab(grey)[..., 0]).max() < 1
    chroma = [np.linalg.norm(to_lab(picture)[..., 1:], axis=2).mean() for picture in (out, half)]
    assert chroma[0] > 1.5 * chroma[1] > 0
    assert np.abs(to_lab(Colorize(damping=1).run(grey, context))[..., 1:]).mean() < np.abs(to_lab(out)[..., 1:]).mean()


def test_the_bundled_network_stays_small():
    parameters = sum(tensor.numel() for tensor in COLORIZE.network().state_dict().values())
    assert 2 * parameters < 11_500_000  # in 16 bits
    assert isinstance(build(COLORIZE.network().state_dict()), FastColorizer)
