"""Stand-ins for the tensors of EfficientNet-Lite0."""

import torch
from torch import Tensor

from models.networks.lite_encoder import LiteEncoder


def official_state() -> dict[str, Tensor]:
    """Return random tensors with the names and shapes of EfficientNet-Lite0's encoder."""
    torch.manual_seed(0)
    state: dict[str, Tensor] = {}
    official = names()
    for key, tensor in LiteEncoder().state_dict().items():
        if key.endswith("weight"):
            kernel, norm = official[key.removesuffix(".weight")]
            channels = 3 if key == "stem.weight" else tensor.shape[1]
            state[f"{kernel}.weight"] = torch.randn(len(tensor), channels, *tensor.shape[2:]) * 0.3
            state |= {f"{norm}.{name}": torch.rand(len(tensor)) + 0.5 for name in ("weight", "bias", "running_var")}
            state[f"{norm}.running_mean"] = torch.randn(len(tensor))
    return state


def names() -> dict[str, tuple[str, str]]:
    """Return the official names of kernel and norm of every layer."""
    result = {"stem": ("_conv_stem", "_bn0")}
    parts = {
        "widen": ("expand_conv", "bn0"),
        "depthwise": ("depthwise_conv", "bn1"),
        "project": ("project_conv", "bn2"),
    }
    places = [(f"{i}.{j}", block) for i, blocks in enumerate(LiteEncoder().stages) for j, block in enumerate(blocks)]
    for number, (place, block) in enumerate(places):
        for part, (kernel, norm) in parts.items():
            if getattr(block, part) is not None:
                result[f"stages.{place}.{part}"] = (f"_blocks.{number}._{kernel}", f"_blocks.{number}._{norm}")
    return result
