"""The bundled face finder: from a picture to boxes, points and scores of faces, at three resolutions.

References
----------
.. [1] W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
.. [2] Z. Tian et al., "FCOS: Fully Convolutional One-Stage Object Detection", ICCV 2019: distances to the four sides
   from each cell inside a box, with neither anchors nor proposals.
"""

from collections.abc import Mapping
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.loading import load

STRIDES = (8, 16, 32)
"""Sides of the cells of the three maps, in pixels."""
ANSWERS = 15
"""Numbers for each cell: score, distances to left, top, right and bottom, and x and y of five points."""
WIDTHS = (16, 32, 48, 64, 96)
"""Channels at strides 2, 4, 8, 16 and 32."""
NECK = 48
"""Channels of the three maps that answers are read from."""

_MOST = 5.0
"""Greatest logarithm of a distance in cells; it keeps untrained networks finite."""
_RARE = -4.0
"""Bias of the scores before training: about two of a hundred cells hold a face."""


class Residual(nn.Module):
    """Two convolutions whose output is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class FaceFinder(nn.Module):
    """Plain convolutions down to stride 32, and sums of the maps on the way back up."""

    def __init__(self) -> None:
        super().__init__()
        below = (3, *WIDTHS[:-1])
        self.down = nn.ModuleList(nn.Conv2d(b, w, 3, stride=2, padding=1) for b, w in zip(below, WIDTHS, strict=True))
        self.levels = nn.ModuleList(Residual(width) for width in WIDTHS[1:])
        self.sides = nn.ModuleList(nn.Conv2d(width, NECK, 1) for width in WIDTHS[2:])
        self.necks = nn.ModuleList(nn.Conv2d(NECK, NECK, 3, padding=1) for _ in STRIDES)
        self.heads = nn.ModuleList(nn.Conv2d(NECK, ANSWERS, 3, padding=1) for _ in STRIDES)
        for head in self.heads:
            nn.init.constant_(cast(Tensor, head.bias)[:1], _RARE)

    def logits(self, x: Tensor) -> Tensor:
        """Return the answers of `forward`, with logits in place of scores."""
        x = F.relu(self.down[0](2 * x - 1))
        maps: list[Tensor] = []
        for down, level in zip(self.down[1:], self.levels, strict=True):
            x = level(F.relu(down(x)))
            maps.append(x)
        sums = [side(level) for side, level in zip(self.sides, maps[1:], strict=True)]
        for finer in (1, 0):
            sums[finer] = sums[finer] + F.interpolate(sums[finer + 1], scale_factor=2.0, mode="nearest")
        return torch.cat([self._answers(level, number) for number, level in enumerate(sums)], 1)

    def _answers(self, features: Tensor, number: int) -> Tensor:
        """Return the answers of one map, cell after cell."""
        answer = self.heads[number](F.relu(self.necks[number](F.relu(features)))).flatten(2).transpose(1, 2)
        stride = STRIDES[number]
        return torch.cat(
            [answer[..., :1], stride * answer[..., 1:5].clamp(max=_MOST).exp(), stride * answer[..., 5:]], 2
        )

    def forward(self, x: Tensor) -> Tensor:
        """Find faces.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; both sides are multiples of 32.

        Returns
        -------
        Tensor, shape (N, cells, ANSWERS)
            For each cell of the three maps, the finest first, row after row: the score in [0, 1]; the distances from
            its middle to the four sides in pixels; and the five points as x and y relative to its middle, in pixels:
            right eye, left eye, nose, right and left corner of the mouth, as the person has them.
        """
        answer = self.logits(x)
        return torch.cat([answer[..., :1].sigmoid(), answer[..., 1:]], 2)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `FaceFinder`."""
    return "necks.0.weight" in state


def build(state: Mapping[str, Tensor]) -> FaceFinder:
    """Return the network with the weights of a state dict.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a FaceFinder.
    """
    return cast(FaceFinder, load(FaceFinder, state))
