"""The networks in the box: their two forms are equal, and each says what it is."""

from pathlib import Path

import cv2
import numpy as np
import openvino
import pytest
import safetensors.torch
import torch

from models.networks.srvgg import build
from tests.training.scenes import gradient_energy, scene
from training import degrade

BUNDLED = Path(__file__).parents[2] / "models" / "bundled"


def enlarged(name, image):
    graph = openvino.Core().read_model(BUNDLED / f"{name}.xml")
    compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(image.transpose(2, 0, 1)[None])[0][0].transpose(1, 2, 0)


@pytest.mark.parametrize(("name", "scale"), [("fast-x4", 4), ("fast-x2", 2)])
def test_both_files_are_equal(name, scale):
    image = scene(24, 37)
    network = build(safetensors.torch.load_file(BUNDLED / f"{name}.safetensors"))
    with torch.inference_mode():
        expected = network(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()))[0]
    result = enlarged(name, image)
    assert result.shape == (24 * scale, 37 * scale, 3)
    assert np.abs(result - expected.numpy().transpose(1, 2, 0)).max() < 1e-4


def bicubic(image, scale):
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(("name", "scale"), [("fast-x4", 4), ("fast-x2", 2)])
def test_edges_come_out_steeper_than_bicubics_and_in_place(name, scale):
    small = cv2.resize(scene(192, 192, seed=3), (48, 48), interpolation=cv2.INTER_AREA)
    plain, result = bicubic(small, scale), enlarged(name, small)
    assert gradient_energy(result) > 1.1 * gradient_energy(plain)
    assert np.abs(result - plain).mean() < 0.03


@pytest.mark.parametrize(("name", "scale"), [("fast-x4", 4), ("fast-x2", 2)])
def test_noise_under_jpeg_goes_and_the_tone_stays(name, scale):
    flat = np.full((48, 48, 3), [0.6, 0.5, 0.4], np.float32)
    small = degrade.jpeg(degrade.sensor_noise(flat, 0.02, np.random.default_rng(0)), 70)
    result = enlarged(name, small)
    assert result.std((0, 1)).mean() < 0.75 * bicubic(small, scale).std((0, 1)).mean()
    assert result.mean((0, 1)) == pytest.approx([0.6, 0.5, 0.4], abs=0.01)


@pytest.mark.parametrize("name", ["fast-x4", "fast-x2"])
def test_each_has_a_card_and_is_small(name):
    card = (BUNDLED / f"{name}.md").read_text()
    for part in ("## For, and not for", "## Data", "## Damage", "## Training", "## Figures", "MIT"):
        assert part in card
    assert sum(file.stat().st_size for file in BUNDLED.glob(f"{name}.*")) < 2_500_000
