"""The bundled face embedding: from an aligned face to a vector that says whose it is.

References
----------
.. [1] S. Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices",
   CCBR 2018: depthwise convolutions in blocks that are wide inside, and a depthwise one over the last map.
"""

from collections.abc import Mapping
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.loading import load

SIDE = 112
"""Side in pixels of a face aligned by ArcFace's template."""
LENGTH = 128
"""Numbers of a vector."""
STEM = 64
"""Channels of the first two layers."""
STAGES = ((64, 2, 3), (128, 4, 1), (128, 2, 4), (128, 4, 1), (128, 2, 2))
"""Channels, expansion and blocks of each stage; every other one, from the first on, halves the size."""
LAST = 256
"""Channels of the last map."""


def _convolution(below: int, width: int, side: int, *, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(below, width, side, stride=stride, padding=side // 2, groups=groups)


class Block(nn.Module):
    """Widen, convolve each channel by itself, and narrow; added to the input where the shapes agree."""

    def __init__(self, below: int, width: int, expansion: int, stride: int) -> None:
        super().__init__()
        inner = below * expansion
        self.adds = stride == 1 and below == width
        self.widen = _convolution(below, inner, 1)
        self.first = nn.PReLU(inner)
        self.depthwise = _convolution(inner, inner, 3, stride=stride, groups=inner)
        self.second = nn.PReLU(inner)
        self.narrow = _convolution(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of `width` channels."""
        output = self.narrow(self.second(self.depthwise(self.first(self.widen(x)))))
        return x + output if self.adds else output


class FaceEmbedding(nn.Module):
    """MobileFaceNet with fewer blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _convolution(3, STEM, 3, stride=2),
            nn.PReLU(STEM),
            _convolution(STEM, STEM, 3, groups=STEM),
            nn.PReLU(STEM),
        )
        stages, below = [], STEM
        for number, (width, expansion, count) in enumerate(STAGES):
            strides = [1 + (number in (0, 1, 3)), *[1] * (count - 1)]
            stages.append(
                nn.Sequential(
                    *(Block(below if i == 0 else width, width, expansion, stride) for i, stride in enumerate(strides))
                )
            )
            below = width
        self.stages = nn.ModuleList(stages)
        self.last = nn.Sequential(_convolution(below, LAST, 1), nn.PReLU(LAST))
        self.whole = nn.Conv2d(LAST, LAST, SIDE // 16, groups=LAST)
        self.vector = nn.Conv2d(LAST, LENGTH, 1)

    def features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return vectors, and the maps of 28 and 14 pixels a side.

        Parameters
        ----------
        x : Tensor, shape (N, 3, 112, 112)
            As `forward` takes it.

        Returns
        -------
        vectors : Tensor, shape (N, LENGTH)
            Of length 1.
        maps : list of Tensor, shapes (N, 64, 28, 28) and (N, 128, 14, 14)
        """
        x = self.stem(2 * x - 1)
        maps = [x := stage(x) for stage in self.stages]
        vector = self.vector(self.whole(self.last(x))).flatten(1)
        return F.normalize(vector.float()), [maps[0], maps[2]]

    def forward(self, x: Tensor) -> Tensor:
        """Return whose faces these are, as vectors.

        Parameters
        ----------
        x : Tensor, shape (N, 3, 112, 112)
            RGB in [0, 1], aligned by ArcFace's template.

        Returns
        -------
        Tensor, shape (N, LENGTH)
            Of length 1; the product of two is the cosine between them.
        """
        return self.features(x)[0]


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `FaceEmbedding`."""
    return "whole.weight" in state


def build(state: Mapping[str, Tensor]) -> FaceEmbedding:
    """Return the network with the weights of a state dict.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a FaceEmbedding.
    """
    return cast(FaceEmbedding, load(FaceEmbedding, state))
