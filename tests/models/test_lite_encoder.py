import pytest
import torch
import torch.nn.functional as F

from models.networks.lite_encoder import CHANNELS, LiteEncoder, from_official, is_official
from tests.lite import names, official_state


def test_the_official_weights_fill_every_layer():
    state = official_state()
    assert is_official(state)
    LiteEncoder().load_state_dict(from_official({**state, "_conv_head.weight": torch.zeros(1)}))
    assert not is_official(LiteEncoder().state_dict())


@pytest.mark.parametrize("layer", ["stem", "stages.0.0.depthwise", "stages.2.5.widen", "stages.3.4.project"])
def test_a_folded_layer_computes_what_the_convolution_and_its_norm_do(layer):
    state = official_state()
    encoder = LiteEncoder()
    encoder.load_state_dict(from_official(state))
    folded = encoder.get_submodule(layer)
    kernel, norm = names()[layer]
    x = torch.rand(1, folded.in_channels, 8, 8)
    given = F.pad(x.expand(1, 3, 8, 8), (0, 1, 0, 1)) if layer == "stem" else x
    padding = 1 if layer.endswith("depthwise") else 0
    plain = F.conv2d(given, state[f"{kernel}.weight"], None, folded.stride, padding, 1, folded.groups)
    statistics = (state[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    torch.testing.assert_close(folded(x), F.batch_norm(plain, *statistics, eps=1e-3), rtol=1e-3, atol=1e-3)


def test_maps_have_a_quarter_to_a_thirty_second_of_the_size():
    with torch.inference_mode():
        maps = LiteEncoder()(torch.rand(1, 1, 64, 96))
    assert [tuple(each.shape[1:]) for each in maps] == [
        (channels, 64 // step, 96 // step) for channels, step in zip(CHANNELS, (4, 8, 16, 32), strict=True)
    ]
