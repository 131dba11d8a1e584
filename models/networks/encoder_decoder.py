"""Encoder and decoder of the U-Nets that this project trains."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions whose result is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.activation = nn.PReLU(width)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        result: Tensor = x + self.second(self.activation(self.first(x)))
        return result


class EncoderDecoder(nn.Module):
    """Levels of residual blocks, each at half the resolution of the one above, with additive skip connections.

    A subclass calls `add_encoder` and `add_decoder` between its own first and last layer, and `through_levels` in its
    `forward`. Twice the channels at half the resolution cost the same a convolution, so the lower levels see far for
    little.

    Parameters
    ----------
    widths : sequence of int
        Channels of each level, the finest first.
    blocks : sequence of int
        Residual blocks of each level; all but the last level have as many in the decoder as in the encoder.

    References
    ----------
    .. [1] O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
    """

    def __init__(self, widths: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        self._levels = [(width, count) for width, count in zip(widths, blocks, strict=True)]
        self._steps = list(pairwise(widths))

    def add_encoder(self) -> None:
        """Make the blocks of the way down, and the strided convolutions between them."""
        self.encoder = nn.ModuleList(self._stack(width, count) for width, count in self._levels)
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in self._steps)

    def add_decoder(self) -> None:
        """Make the enlarging convolutions of the way up, and the blocks after each."""
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in self._steps)
        self.decoder = nn.ModuleList(self._stack(width, count) for width, count in self._levels[:-1])

    def through_levels(self, x: Tensor) -> Tensor:
        """Return features of the input's shape, (N, widths[0], H, W).

        H and W are multiples of ``2 ** (levels - 1)``.
        """
        skips = []
        for stack, down in zip(self.encoder, self.down, strict=False):
            x = stack(x)
            skips.append(x)
            x = down(x)
        x = self.encoder[-1](x)
        for skip, up, stack in zip(reversed(skips), reversed(self.up), reversed(self.decoder), strict=True):
            x = stack(skip + F.pixel_shuffle(up(x), 2))
        return x

    def _stack(self, width: int, count: int) -> nn.Sequential:
        return nn.Sequential(*(Block(width) for _ in range(count)))


def read_levels(state: Mapping[str, Tensor], first: str) -> tuple[list[int], list[int]]:
    """Return widths and blocks, as `EncoderDecoder` takes them, from the shapes of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of a subclass of `EncoderDecoder`.
    first : str
        Key of the weight of its first layer.
    """
    widths = [state[first].shape[0]]
    while (key := f"down.{len(widths) - 1}.weight") in state:
        widths.append(state[key].shape[0])
    blocks = [
        len({key.split(".")[2] for key in state if key.startswith(f"encoder.{level}.")}) for level in range(len(widths))
    ]
    return widths, blocks
