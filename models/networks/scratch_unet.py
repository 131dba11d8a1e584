"""The official scratch detector of "Bringing Old Photos Back to Life", which a person's own file may hold.

References
----------
.. [1] Z. Wan et al., "Bringing Old Photos Back to Life", CVPR 2020.
.. [2] R. Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019: a blur before each reduction.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.loading import load

LUMA = (0.299, 0.587, 0.114)
_SLOPE = 0.2
_REDUCE, _BLUR = 2, 3


def _convolve(given: int, made: int, side: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(side // 2), nn.Conv2d(given, made, side)]


def _stage(given: int, made: int) -> list[nn.Module]:
    return [*_convolve(given, made, 3), nn.BatchNorm2d(made), nn.LeakyReLU(_SLOPE)]


class _Reduce(nn.Module):
    """Blur with the binomial filter in the file, and reduction by 2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("filt", torch.empty(width, 1, _BLUR, _BLUR))

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.get_buffer("filt"), stride=_REDUCE, groups=x.shape[1])


class _Block(nn.Module):
    """Two convolutions, each with a norm."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*_stage(given, made), *_stage(made, made))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.block(x)
        return result


class _Up(nn.Module):
    """Enlargement by 2, and the features of the encoder at this size beside it."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        enlarge = nn.Upsample(scale_factor=_REDUCE, mode="bilinear", align_corners=False)
        self.up = nn.Sequential(enlarge, *_convolve(given, made, 3))
        self.conv_block = _Block(given, made)

    def forward(self, x: Tensor, bridge: Tensor) -> Tensor:
        result: Tensor = self.conv_block(torch.cat([self.up(x), bridge], 1))
        return result


class ScratchUNet(nn.Module):
    """A U-Net from a picture to the probability of scratches.

    Parameters
    ----------
    width : int
        Channels at full size; each level below has twice as many.
    depth : int
        Number of reductions.
    """

    def __init__(self, *, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.first = nn.Sequential(*_convolve(1, width, 7), nn.LeakyReLU(_SLOPE))
        self.down_sample = nn.ModuleList(nn.Sequential(*_stage(fine, fine), _Reduce(fine)) for fine in widths[:-1])
        self.down_path = nn.ModuleList(_Block(fine, 2 * fine) for fine in widths[:-1])
        self.up_path = nn.ModuleList(_Up(2 * fine, fine) for fine in reversed(widths[:-1]))
        self.last = nn.Sequential(*_convolve(width, 1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Return the probability of scratches.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; both sides are multiples of ``2 ** depth``.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            Probability of a scratch, in three equal channels.
        """
        x = (x * x.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
        x = self.first(2 * x - 1)
        bridges = []
        for reduce, block in zip(self.down_sample, self.down_path, strict=True):
            bridges.append(x)
            x = block(reduce(x))
        for up, bridge in zip(self.up_path, reversed(bridges), strict=True):
            x = up(x, bridge)
        return self.last(x).sigmoid().expand(-1, 3, -1, -1)


def build(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the detector with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        As the official file ``FT_Epoch_latest.pt`` holds it under ``model_state``.

    Returns
    -------
    ScratchUNet
        In float32 and in eval mode; its size follows from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a ScratchUNet.
    """
    return load(partial(ScratchUNet, **_read_sizes(state)), state)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `ScratchUNet`."""
    return {"first.1.weight", "down_sample.0.4.filt", "last.1.weight"} <= state.keys()


def traits(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the number, ``multiple``, that both sides of the network's input are multiples of."""
    return {"multiple": int(2 ** _read_sizes(state)["depth"])}


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    if not detect(state):
        msg = f"Expected the official scratch detector, got tensors {', '.join(sorted(state)[:4])}. Choose its file."
        raise CheckpointMismatch(msg)
    depth = len({key.split(".")[1] for key in state if key.startswith("down_path.")})
    return {"width": state["first.1.weight"].shape[0], "depth": depth}
