from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import CheckpointMismatch
from models.networks.srvgg import SRVGG, build
from tests.models.seeded import read_keys, seeded_tensor

PARITY = Path(__file__).parents[1] / "data" / "parity"


def seeded_state(name):
    return {key: seeded_tensor(key, shape) for key, shape in read_keys(name).items()}


@pytest.mark.parametrize(("name", "num_conv"), [("realesr_general_x4v3", 32), ("realesr_animevideov3", 16)])
def test_keys_and_shapes_are_the_official_ones(name, num_conv):
    own = {key: tuple(t.shape) for key, t in SRVGG(num_conv=num_conv).state_dict().items()}
    assert own == read_keys(name)


@pytest.mark.parametrize("name", ["realesr_general_x4v3", "realesr_animevideov3"])
def test_computes_what_the_official_network_computes(name):
    network = build(seeded_state(name))
    vectors = np.load(PARITY / f"{name}.npz")
    x = torch.from_numpy(vectors["input_rgb_01"].transpose(2, 0, 1)[None].copy())
    with torch.inference_mode():
        output = network(x)[0].numpy().transpose(1, 2, 0)
    expected = vectors["network_output"]
    assert np.abs(output - expected).max() < 1e-4 * np.ptp(expected)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_build_reads_the_size_from_the_shapes(scale):
    source = SRVGG(num_feat=8, num_conv=3, scale=scale)
    network = build(source.state_dict())
    x = torch.rand(2, 3, 7, 11)
    with torch.inference_mode():
        output = network(x)
        assert torch.equal(output, source(x))
    assert output.shape == (2, 3, 7 * scale, 11 * scale)
    assert not network.training


def test_half_precision_files_run_in_float32():
    state = {key: t.half() for key, t in SRVGG(num_feat=4, num_conv=1).state_dict().items()}
    assert {t.dtype for t in build(state).state_dict().values()} == {torch.float32}


def test_receptive_radius_is_one_pixel_a_convolution():
    num_conv = 3
    network = SRVGG(num_feat=6, num_conv=num_conv, scale=2).eval()
    x = torch.rand(1, 3, 31, 31)
    touched = x.clone()
    touched[..., 15, 15] += 1
    with torch.inference_mode():
        changed = (network(touched) - network(x)).abs().amax((0, 1)) > 0
    rows = torch.nonzero(changed.any(1)).flatten() // 2
    assert rows.min() >= 15 - (num_conv + 2)
    assert rows.max() <= 15 + (num_conv + 2)


def test_a_missing_tensor_is_named():
    state = SRVGG(num_feat=4, num_conv=2).state_dict()
    del state["body.2.bias"]
    with pytest.raises(CheckpointMismatch, match=r"body\.2\.bias"):
        build(state)


def test_an_unknown_tensor_is_named():
    state = SRVGG(num_feat=4, num_conv=2).state_dict() | {"head.weight": torch.zeros(1)}
    with pytest.raises(CheckpointMismatch, match=r"head\.weight"):
        build(state)


@pytest.mark.parametrize("keys", [[], ["conv_first.weight"], ["body.0.weight", "body.1.weight"]])
def test_another_networks_file_is_refused(keys):
    with pytest.raises(CheckpointMismatch, match="SRVGG"):
        build({key: torch.zeros(4, 3, 3, 3) for key in keys})
