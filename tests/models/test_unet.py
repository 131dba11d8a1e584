import pytest
import torch

from models.errors import CheckpointMismatch
from models.networks.damage_detector import DamageClassifier
from models.networks.damage_detector import build as build_detector
from models.networks.unet import UNet, build
from tests.models.restorers import random_unet

SIZES = [
    {"widths": (4, 8, 16), "blocks": (1, 1, 2), "fold": 2, "pictures": 1},
    {"widths": (6, 8), "blocks": (2, 1), "fold": 1, "pictures": 2},
    {"widths": (5,), "blocks": (1,), "fold": 2, "pictures": 2},
]


@pytest.mark.parametrize("sizes", SIZES)
def test_build_reads_the_size_from_the_shapes(sizes):
    source = random_unet(**sizes)
    network = build(source.half().state_dict())
    x = torch.rand(2, 3 * sizes["pictures"], 16, 24)
    with torch.inference_mode():
        output = network(x)
        assert torch.equal(output, source.float()(x))
    assert output.shape == (2, 3, 16, 24)
    assert not network.training


def test_before_training_it_returns_the_last_picture():
    network = UNet(widths=(4, 8), blocks=(1, 1), fold=2, pictures=2)
    x = torch.rand(1, 6, 8, 8)
    with torch.inference_mode():
        assert torch.equal(network(x), x[:, 3:])


def test_the_lower_levels_see_far():
    network = random_unet(widths=(4, 8, 16), blocks=(1, 1, 2), fold=2)
    x = torch.rand(1, 3, 128, 128)
    touched = x.clone()
    touched[..., 64, 64] += 1
    with torch.inference_mode():
        changed = (network(touched) - network(x)).abs().amax((0, 1)) > 0
    rows = torch.nonzero(changed.any(1)).flatten()
    assert 40 < rows.max() - 64 <= 64


@pytest.mark.parametrize("wrong", [{}, {"body.0.weight": torch.zeros(1)}])
def test_another_networks_file_is_refused(wrong):
    with pytest.raises(CheckpointMismatch, match="U-Net"):
        build(wrong)


def test_a_missing_tensor_is_named():
    state = UNet(widths=(4, 8), blocks=(1, 1)).state_dict()
    del state["up.0.weight"]
    with pytest.raises(CheckpointMismatch, match=r"up\.0\.weight"):
        build(state)


@pytest.mark.parametrize(("network", "build"), [(UNet, build), (DamageClassifier, build_detector)])
def test_a_file_that_lacks_a_level_is_refused(network, build):
    state = network(widths=(4, 8, 8), blocks=(1, 1, 1)).state_dict()
    del state["down.0.weight"]
    with pytest.raises(CheckpointMismatch, match=r"unexpected: encoder\.1"):
        build(state)
