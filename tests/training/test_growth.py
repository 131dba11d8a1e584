from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.networks.damage_detector import DamageClassifier
from models.networks.srvgg import SRVGG
from models.networks.unet import UNet
from training.checkpoints import begin_from, build
from training.learning.growth import deepen
from training.tasks.task import upscale
from training.weights import load_state

BUNDLED = Path(__file__).parents[2] / "models" / "bundled"


@given(fewer=st.integers(0, 5), more=st.integers(0, 6), scale=st.sampled_from([1, 2, 4]), seed=st.integers(0, 99))
def test_a_deeper_network_starts_with_the_same_answer(fewer, more, scale, seed):
    torch.manual_seed(seed)
    small = SRVGG(num_feat=4, num_conv=fewer + 1, scale=scale)
    for layer in small.body[1::2]:
        torch.nn.init.uniform_(layer.weight, -1, 1)
    large = SRVGG(num_feat=4, num_conv=fewer + 1 + more, scale=scale)
    large.load_state_dict(deepen(small.state_dict(), fewer + 1 + more))
    picture = torch.rand(1, 3, 9, 7)
    assert large(picture).detach().numpy() == pytest.approx(small(picture).detach().numpy(), abs=1e-5)


def test_new_convolutions_lie_between_the_old_ones():
    small = SRVGG(num_feat=4, num_conv=3, scale=2)
    deep = deepen(small.state_dict(), 6)
    centre = torch.eye(4)
    new = [torch.equal(deep[f"body.{2 * i}.weight"][:, :, 1, 1], centre) for i in range(1, 7)]
    assert new == [True, False] * 3


def test_nothing_is_taken_from_a_deeper_file():
    state = SRVGG(num_feat=4, num_conv=3, scale=2).state_dict()
    assert deepen(state, 2).keys() == state.keys()


@given(more=st.integers(1, 5), deeper=st.integers(0, 2), scale=st.sampled_from([1, 2, 4]), seed=st.integers(0, 99))
def test_a_wider_and_deeper_network_starts_with_the_same_answer(more, deeper, scale, seed):
    torch.manual_seed(seed)
    small = SRVGG(num_feat=3, num_conv=2, scale=scale)
    for layer in small.body[1::2]:
        torch.nn.init.uniform_(layer.weight, -1, 1)
    large = SRVGG(num_feat=3 + more, num_conv=2 + deeper, scale=scale)
    begin_from(large, small.state_dict())
    picture = torch.rand(1, 3, 9, 7)
    assert large(picture).detach().numpy() == pytest.approx(small(picture).detach().numpy(), abs=1e-5)


def test_new_channels_of_a_wider_network_can_learn():
    large = SRVGG(num_feat=5, num_conv=2, scale=2)
    begin_from(large, SRVGG(num_feat=3, num_conv=2, scale=2).state_dict())
    large(torch.rand(1, 3, 9, 7)).square().mean().backward()
    assert large.body[-1].weight.grad[:, 3:].abs().max() > 0


def test_the_bundled_x2_grows_to_the_size_of_new_ones(capsys):
    small = load_state(BUNDLED / "fast-x2.safetensors")
    large = upscale(2).network()
    begin_from(large, small)
    picture = torch.rand(1, 3, 12, 10)
    with torch.inference_mode():
        torch.testing.assert_close(large(picture), build(small)(picture), atol=1e-4, rtol=0)
    assert 500_000 < sum(weight.numel() for weight in large.parameters()) < 550_000
    assert "enlarged from" in capsys.readouterr().out


def test_a_smaller_network_of_another_scale_gives_its_body():
    small, large = SRVGG(num_feat=3, num_conv=2, scale=4), SRVGG(num_feat=5, num_conv=3, scale=2)
    begin_from(large, small.state_dict())
    assert torch.equal(large.body[0].weight[:3], small.body[0].weight)
    assert large(torch.rand(1, 3, 8, 8)).shape == (1, 3, 16, 16)


@pytest.mark.parametrize("kind", [UNet, DamageClassifier])
@given(fewer=st.tuples(*[st.integers(1, 2)] * 2), more=st.tuples(*[st.integers(0, 2)] * 2), seed=st.integers(0, 99))
def test_a_u_net_of_more_blocks_starts_with_the_same_answer(kind, fewer, more, seed):
    torch.manual_seed(seed)
    small = kind(widths=(4, 8), blocks=fewer)
    torch.nn.init.uniform_(small.tail.weight, -1, 1)
    large = kind(widths=(4, 8), blocks=[a + b for a, b in zip(fewer, more, strict=True)])
    begin_from(large, small.state_dict())
    picture = torch.rand(1, 3, 8, 12)
    assert large(picture).detach().numpy() == pytest.approx(small(picture).detach().numpy(), abs=1e-5)
