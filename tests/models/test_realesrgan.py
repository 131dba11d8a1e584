"""Files of any architecture that spandrel knows, and mixing two of them."""

import pytest
import torch
from spandrel import ModelLoader
from spandrel.architectures.DnCNN import DnCNN

from models import own
from models.errors import CheckpointMismatch, WeightsMissing
from models.files import weights
from models.networks import realesrgan
from models.networks.srvgg import SRVGG


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def small(scale=2):
    return SRVGG(num_feat=4, num_conv=2, scale=scale).eval()


def test_a_network_is_called_as_its_architecture_asks():
    state = dncnn(4, 3).state_dict()  # spandrel adds the map of noise that is its fourth channel
    x = 0.4 + 0.2 * torch.rand(1, 3, 16, 20)
    with torch.inference_mode():
        torch.testing.assert_close(realesrgan.build(state)(x).clamp(0, 1), ModelLoader().load_from_state_dict(state)(x))


def dncnn(inputs, outputs):
    return DnCNN(in_nc=inputs, out_nc=outputs, nc=8, nb=8, act_mode="R", mode="FDnCNN" if inputs > outputs else "DnCNN")


@pytest.mark.parametrize("state", [{}, {"a": torch.zeros(1)}, small(3).state_dict(), dncnn(1, 1).state_dict()])
def test_a_network_that_is_not_for_pictures_is_refused(state):
    with pytest.raises(CheckpointMismatch, match=r"Expected .* got .* Choose"):
        realesrgan.build(state)


def test_strength_mixes_every_tensor():
    strong, weak = small().state_dict(), small().state_dict()
    mixed = realesrgan.interpolate(strong, weak, 0.25)
    torch.testing.assert_close(realesrgan.interpolate(strong, weak, 1.0), dict(strong))
    torch.testing.assert_close(realesrgan.interpolate(strong, weak, 0.0), dict(weak))
    torch.testing.assert_close(mixed["body.0.weight"], 0.25 * strong["body.0.weight"] + 0.75 * weak["body.0.weight"])


def test_networks_of_two_shapes_do_not_mix():
    with pytest.raises(CheckpointMismatch, match=r"body\.6\.bias"):
        realesrgan.interpolate(small(2).state_dict(), small(4).state_dict(), 0.5)


@pytest.mark.parametrize("wrapper", ["params_ema", "params", "state_dict", "model_state_dict", None])
def test_the_spec_of_a_persons_own_file_follows_from_it(wrapper, tmp_path):
    network, path = small(), tmp_path / "mine.pth"
    torch.save({wrapper: network.state_dict()} if wrapper else network.state_dict(), path)
    spec = own.find(str(path))
    assert (spec.id, spec.tier, spec.scale, spec.file) == ("file:mine.pth", "own", 2, str(path))
    assert (spec.multiple, spec.minimum, spec.tiling, spec.context) == (1, 1, "exact", 4)
    x = torch.rand(1, 3, 8, 9)
    with torch.inference_mode():
        torch.testing.assert_close(realesrgan.build(weights.read_state(weights.find(spec), spec))(x), network(x))


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(WeightsMissing, match=r"nothing\.safetensors"):
        own.find(str(tmp_path / "nothing.safetensors"))
