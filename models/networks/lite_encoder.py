"""EfficientNet-Lite0's feature extractor for pictures of lightness, with its batch norms folded into the kernels.

References
----------
.. [1] M. Tan, Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the Lite
   variants have ReLU6 and no attention.
.. [2] M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (24, 40, 112, 320)
"""Channels of the maps, at 1/4, 1/8, 1/16 and 1/32 of the input's size."""

_STEM = 32
_STAGES = (
    ((16, 1, 3, 1, 1), (24, 6, 3, 2, 2)),
    ((40, 6, 5, 2, 2),),
    ((80, 6, 3, 2, 3), (112, 6, 5, 1, 3)),
    ((192, 6, 5, 2, 4), (320, 6, 3, 1, 1)),
)
"""Rows of channels, widening, side of the kernel, stride of the first block and number of blocks."""
_EPSILON = 1e-3
"""Added to the variances of the norms."""


class SameConv(nn.Conv2d):
    """A convolution whose output has ceil(size / stride) pixels a side; where padding is odd, the end has more."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.margins = (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of a map whose sides are multiples of the stride."""
        return super().forward(F.pad(x, self.margins))


class InvertedBlock(nn.Module):
    """Expansion by a 1x1 convolution, a depthwise convolution, and a 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, *, widening: int, kernel: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * widening
        self.widen = nn.Conv2d(inputs, hidden, 1) if widening > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride=stride, groups=hidden)
        self.project = nn.Conv2d(hidden, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return a map with `outputs` channels."""
        wide = F.relu6(self.widen(x)) if self.widen else x
        result: Tensor = self.project(F.relu6(self.depthwise(wide)))
        return x + result if self.adds else result


class LiteEncoder(nn.Module):
    """Maps of a picture of lightness, with the channels of `CHANNELS`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(1, _STEM, 3, stride=2)
        stages, inputs = [], _STEM
        for rows in _STAGES:
            blocks = []
            for outputs, widening, kernel, first, count in rows:
                for stride in (first, *(1,) * (count - 1)):
                    blocks.append(InvertedBlock(inputs, outputs, widening=widening, kernel=kernel, stride=stride))
                    inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return four maps, the finest first.

        Parameters
        ----------
        x : Tensor, shape (N, 1, H, W)
            Lightness in [-1, 1]; H and W are multiples of 32.
        """
        x = F.relu6(self.stem(x))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


def is_official(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of EfficientNet-Lite0 for PyTorch."""
    return "_conv_stem.weight" in state


def from_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the state dict of a `LiteEncoder` that computes what EfficientNet-Lite0 does for a grey picture.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of EfficientNet-Lite0 for PyTorch: RGB in [-1, 1], norms apart. Its last layers are left out.
    """
    places = [f"stages.{i}.{j}" for i, rows in enumerate(_STAGES) for j in range(sum(row[-1] for row in rows))]
    result = _folded(state, "stem", "_conv_stem", "_bn0")
    result["stem.weight"] = result["stem.weight"].sum(1, keepdim=True)
    for number, place in enumerate(places):
        old = f"_blocks.{number}._"
        if f"{old}expand_conv.weight" in state:
            result |= _folded(state, f"{place}.widen", f"{old}expand_conv", f"{old}bn0")
        result |= _folded(state, f"{place}.depthwise", f"{old}depthwise_conv", f"{old}bn1")
        result |= _folded(state, f"{place}.project", f"{old}project_conv", f"{old}bn2")
    return result


def _folded(state: Mapping[str, Tensor], name: str, convolution: str, norm: str) -> dict[str, Tensor]:
    """Return weight and bias of a convolution with the norm after it folded in."""
    factor = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPSILON)
    weight = state[f"{convolution}.weight"] * factor[:, None, None, None]
    return {f"{name}.weight": weight, f"{name}.bias": state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * factor}
