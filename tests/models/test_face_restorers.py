from dataclasses import replace

import numpy as np
import pytest
import torch
from spandrel.architectures.GFPGAN.__arch.stylegan2_clean_arch import ModulatedConv2d
from torch import nn

from models import catalog
from models.errors import CheckpointMismatch
from models.networks.face_restorers import FaceNetwork, Modulated, build
from models.runtime import graphs


@pytest.mark.parametrize("mode", [None, "upsample"])
@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_inputs_equal_modulated_weights(mode, demodulate):
    torch.manual_seed(0)
    layer = ModulatedConv2d(6, 5, 3, 8, demodulate=demodulate, sample_mode=mode)
    x, style = torch.randn(2, 6, 9, 9), torch.randn(2, 8)
    with torch.no_grad():
        torch.testing.assert_close(Modulated(layer)(x, style), layer(x, style))


class Styled(nn.Module):
    """A network that answers as GFPGAN does, and says what it was given."""

    def __init__(self):
        super().__init__()
        self.layer = ModulatedConv2d(3, 3, 3, 4)
        self.register_buffer("style", torch.ones(1, 4))

    def forward(self, x, randomize_noise=True):
        assert not randomize_noise
        self.given = x
        return self.layer(x, self.style), None


def test_pictures_go_in_and_out_between_0_and_1_and_networks_between_minus_1_and_1():
    network = Styled()
    inner = network.layer
    x = torch.linspace(0, 1, 3 * 64).reshape(1, 3, 8, 8)
    with torch.no_grad():
        answer = FaceNetwork(network)(x)
        assert (network.given.min(), network.given.max()) == (-1, 1)
        torch.testing.assert_close(answer, (inner(2 * x - 1, network.style) + 1) / 2)


def test_openvino_computes_it():
    network, x = FaceNetwork(Styled()).eval(), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        graph = graphs.convert(replace(catalog.get("gfpgan-1.4"), multiple=16, minimum=16), network)
        compiled = graphs.core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        np.testing.assert_allclose(compiled(x.numpy())[0], network(x).numpy(), atol=1e-4)


def test_another_network_is_refused():
    with pytest.raises(CheckpointMismatch, match=r"GFPGAN 1\.2 to 1\.4 or RestoreFormer"):
        build({"some": torch.zeros(1)})
