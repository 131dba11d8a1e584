import pytest
import torch

from models.errors import CheckpointMismatch
from models.networks import realesrgan
from models.networks.srvgg import SRVGG
from models.networks.unet import UNet
from training.learning import teacher

CPU = torch.device("cpu")


def test_torch_and_openvino_give_the_networks_answers_within_bounds():
    torch.manual_seed(0)
    network = SRVGG(num_feat=8, num_conv=2, scale=4)
    picture = torch.rand(3, 3, 24, 16)
    with torch.inference_mode():
        expected = network(picture)
    assert expected.max() > 1
    for load in (teacher.load, lambda state: teacher._by_torch(realesrgan.build(state), CPU)):
        answer = load(network.state_dict())(picture)
        assert answer.shape == (3, 3, 96, 64)
        assert answer.dtype == torch.float32
        assert answer.numpy() == pytest.approx(expected.clamp(0, 1).numpy(), abs=0.02)  # bfloat16 on some CPUs


def test_a_network_that_is_no_upscaler_is_refused():
    with pytest.raises(CheckpointMismatch):
        teacher.load(UNet(widths=(4, 8), blocks=(1, 1)).state_dict())
