"""Bundled networks: both files of each give the same answers, and each has a model card."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch

from models import catalog
from models.runtime import graphs
from tests.training.scenes import gradient_energy, scene
from training.checkpoints import build
from training.damage import degrade

BUNDLED = Path(__file__).parents[2] / "models" / "bundled"
SPECS = [spec for spec in catalog.MODELS if spec.bundled]
UPSCALERS = [("fast-x4", 4), ("fast-x4-faithful", 4), ("fast-x2", 2)]
HEADINGS = ["Intended use", "Not for", "Training data and terms", "Damage", "Training", "Figures", "Limits"]


def run(name, x):
    graph = graphs.read(BUNDLED / f"{name}.xml")
    return graphs.core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]


def enlarged(name, image):
    return run(name, image.transpose(2, 0, 1)[None])[0].transpose(1, 2, 0)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_both_files_are_equal(spec):
    network = build(safetensors.torch.load_file(BUNDLED / spec.file))
    side = max(64, spec.minimum) if spec.tiling == "never" else 32
    x = np.random.default_rng(0).random((1, spec.channels, side, side + 32 * (side == 32)), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x)).numpy()
    result = run(spec.id, x)
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() < 1e-4 * max(1, np.ptp(expected))


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.tiling == "exact"], ids=lambda spec: spec.id)
def test_tiles_overlap_by_one_pixel_a_convolution(spec):
    shapes = (tensor.shape for tensor in safetensors.torch.load_file(BUNDLED / spec.file).values())
    assert spec.context == sum(shape[2:] == (3, 3) for shape in shapes)


def bicubic(image, scale):
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(("name", "scale"), UPSCALERS)
def test_edges_come_out_steeper_than_bicubics_and_in_place(name, scale):
    small = cv2.resize(scene(192, 192, seed=3), (48, 48), interpolation=cv2.INTER_AREA)
    plain, result = bicubic(small, scale), enlarged(name, small)
    assert gradient_energy(result) > 1.1 * gradient_energy(plain)
    assert np.abs(result - plain).mean() < 0.03


@pytest.mark.parametrize(("name", "scale"), UPSCALERS)
def test_noise_under_jpeg_goes_and_the_tone_stays(name, scale):
    flat = np.full((48, 48, 3), [0.6, 0.5, 0.4], np.float32)
    small = degrade.jpeg(degrade.sensor_noise(flat, 0.02, np.random.default_rng(0)), 70)
    result = enlarged(name, small)
    assert result.std((0, 1)).mean() < 0.75 * bicubic(small, scale).std((0, 1)).mean()
    assert result.mean((0, 1)) == pytest.approx([0.6, 0.5, 0.4], abs=0.01)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_each_has_a_card_and_is_small(spec):
    card = (BUNDLED / f"{spec.id}.md").read_text()
    headings = [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")]
    assert headings == HEADINGS
    assert "| licence | MIT" in card
    most = {"upscale": 2_500_000, "colorize": 12_000_000, "faces": 14_000_000}.get(spec.task, 4_000_000)
    assert all(file.stat().st_size < most for file in BUNDLED.glob(f"{spec.id}.*"))
