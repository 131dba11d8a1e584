import numpy as np
import pytest
import safetensors.torch
import torch

from models.errors import CheckpointMismatch
from models.networks.realesrgan import interpolate
from models.networks.srvgg import SRVGG
from models.runtime import graphs
from tests.models.restorers import random_unet
from training.checkpoints import build
from training.export import export

NETWORKS = {
    "upscaler": lambda: SRVGG(num_feat=8, num_conv=2, scale=2),
    "restorer": lambda: random_unet(widths=(4, 8), blocks=(1, 1), fold=2),
}


def exported(network, path):
    checkpoint = path / "last.pt"
    torch.save({"average": network.state_dict()}, checkpoint)
    return export(checkpoint, path / "network")


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_stored_once(tmp_path, name):
    tensors, _, constants = exported(NETWORKS[name](), tmp_path)
    assert constants.stat().st_size < 0.02 * tensors.stat().st_size


@pytest.fixture(params=NETWORKS)
def pair(request, tmp_path):
    files = []
    for name in ("crisp", "faithful"):
        folder = tmp_path / name
        folder.mkdir()
        files.append(exported(NETWORKS[request.param](), folder))
    return files


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mixed_graphs_are_the_mixed_networks(pair, share):
    (first, graph, _), (second, other, _) = pair
    states = [{k: t.float() for k, t in safetensors.torch.load_file(file).items()} for file in (first, second)]
    network = build({key: tensor.half() for key, tensor in interpolate(*states, share).items()})
    compiled = graphs.core().compile_model(graphs.read(graph, other, share), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    x = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        expected = network(x).numpy()
    assert np.abs(compiled(x.numpy())[0] - expected).max() < 1e-4


def test_graphs_of_two_networks_are_not_mixed(tmp_path):
    paths = []
    for features in (4, 8):
        folder = tmp_path / str(features)
        folder.mkdir()
        paths.append(exported(SRVGG(num_feat=features, num_conv=1, scale=2), folder)[1])
    with pytest.raises(CheckpointMismatch, match="one network"):
        graphs.read(*paths, 0.5)
