import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models import own
from models.networks.unet import UNet
from models.runtime import graphs
from pipeline.methods.inpainting import surroundings
from tests.training.scenes import scene, write_photographs
from training.__main__ import main
from training.checkpoints import build
from training.settings import Settings
from training.tasks.fill import FILL, holed

SEEDS = range(120)


def rng(seed):
    return np.random.default_rng(seed)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_the_network_is_given_picture_marks_and_what_surrounds_them(seed):
    image = scene(96, 96)
    before = image.copy()
    shown, truth, hole = holed(image, rng(seed))
    np.testing.assert_array_equal(image, before)
    assert shown.shape == (96, 96, 9)
    assert shown.dtype == truth.dtype == np.float32
    assert np.isfinite(shown).all()
    assert 0 <= truth.min() <= truth.max() <= 1
    for channel in range(3, 6):
        np.testing.assert_array_equal(shown[..., channel] == 1, hole)
    np.testing.assert_allclose(shown[..., 6:], surroundings(shown[..., :3], hole), atol=1e-5)


def test_some_marks_hide_what_is_under_them_and_most_do_not():
    shown = [holed(scene(96, 96), rng(seed))[0] for seed in SEEDS]
    marked = [x for x in shown if 0 < x[..., 3].mean() < 1]
    blind = np.mean([np.array_equal(x[..., :3], x[..., 6:]) for x in marked])
    assert 0.2 < blind < 0.5


def test_marks_lie_on_damage_mostly_but_not_always_and_not_on_all_of_it():
    """A detector is wrong too, and so a filler must not believe every mark."""
    right = wrong = missed = 0
    for seed in SEEDS:
        shown, truth, hole = holed(scene(96, 96), rng(seed))
        if np.array_equal(shown[..., :3], shown[..., 6:]):
            continue
        changed = np.abs(shown[..., :3] - truth).max(axis=2) > 0.1
        right += (hole & changed).sum()
        wrong += (hole & ~changed).sum()
        missed += (changed & ~hole).sum()
    assert right > wrong / 2 > 0
    assert 0 < missed < right


def test_only_marked_pixels_are_learnt_from():
    chosen = Settings(data=(), out=None, steps=1, losses=(("l1", 1.0),))
    truth, hole = torch.rand(2, 3, 32, 32), torch.zeros(2, 1, 32, 32)
    hole[..., 8:16] = 1
    goal, outside = torch.cat([truth, hole], 1), truth.clone()
    outside[..., 16:] += 0.3
    inside = truth.clone()
    inside[..., 8:16] += 0.3
    assert FILL.loss(None, outside, goal, chosen) == 0
    assert float(FILL.loss(None, inside, goal, chosen)) == pytest.approx(0.3)


def test_it_trains_and_is_exported_and_fills(tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 4, size=96)
    options = "--features 6 --steps 4 --batch 2 --patch 64 --held-out 1 --workers 0 --threads 1"
    assert main(["fill", "--data", str(data), "--out", str(tmp_path / "run"), *options.split()]) == 0
    assert "psnr in holes" in capsys.readouterr().out
    assert main(["export", str(tmp_path / "run" / "last.pt"), "--out", str(tmp_path / "mine")]) == 0
    network = build(safetensors.torch.load_file(tmp_path / "mine.safetensors"))
    assert isinstance(network, UNet)
    graph = graphs.core().compile_model(graphs.read(tmp_path / "mine.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    x = torch.rand(1, 9, 48, 80)
    with torch.inference_mode():
        assert np.abs(graph({"x": x.numpy()})[0] - network(x).numpy()).max() < 1e-4
    spec = own.from_file(tmp_path / "mine.safetensors")
    assert (spec.task, spec.channels) == ("fill", 9)
