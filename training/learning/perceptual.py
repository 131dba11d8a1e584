"""Perceptual loss: the difference of two pictures' features in the first ten convolutions of VGG16.

References
----------
.. [1] J. Johnson, A. Alahi and L. Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution",
   ECCV 2016.
.. [2] R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.
.. [3] A. Ghildyal and F. Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import CheckpointMismatch
from training.learning.precision import has_bfloat16
from training.weights import load_state

LEVELS = (2, 2, 3, 3)
"""Convolutions at each size of the picture, which is halved between the levels."""
CHANNELS = (64, 128, 256, 512)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the pictures of ImageNet, with which VGG16 was trained."""
STABILISER = 0.1
"""Added to the lengths of features before the division, as a share of their mean."""


class Features(nn.Module):
    """VGG16 up to its tenth convolution.

    Parameters
    ----------
    state : mapping of str to Tensor
        As for `needed`.

    Raises
    ------
    CheckpointMismatch
        If the convolutions are not those of VGG16.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        state = needed(state)
        layers = iter(_kernels(state))
        self.levels = nn.ModuleList(
            nn.Sequential(*(_convolution(state, next(layers)) for _ in range(count))) for count in LEVELS
        )
        even = [torch.full((1, width, 1, 1), 1 / width) for width in CHANNELS]
        self.scales = nn.ParameterList(state.get(_scale(level), even[level]) for level in range(len(LEVELS)))
        self.float().requires_grad_(requires_grad=False)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return features at four sizes, those of each pixel about 1 long.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1].

        Returns
        -------
        list of Tensor, shapes (N, 64, H, W), (N, 128, H / 2, W / 2) and so on
        """
        x = (x - x.new_tensor(MEAN).view(1, 3, 1, 1)) / x.new_tensor(DEVIATION).view(1, 3, 1, 1)
        x = x.contiguous(memory_format=torch.channels_last)
        found: list[Tensor] = []
        for level in self.levels:
            x = level(functional.avg_pool2d(x, 2) if found else x)  # gradients of maxima draw grids
            found.append(_unit(x))
        return found

    def distance(self, output: Tensor, goal: Tensor) -> Tensor:
        """Return the difference of two batches of pictures as a scalar, about 0 to 1.

        Parameters
        ----------
        output, goal : Tensor, shape (N, 3, H, W)
            RGB, about [0, 1]; sides of 8 pixels or more.
        """
        with torch.autocast(output.device.type, torch.bfloat16, enabled=has_bfloat16(output.device)):
            with torch.no_grad():
                wanted = self(goal)
            errors = [
                functional.conv2d((x - y).square(), scale.to(x))
                for x, y, scale in zip(self(output), wanted, self.scales, strict=True)
            ]
        return torch.stack([error.float().mean() for error in errors]).sum()


@lru_cache(maxsize=1)
def load(path: Path, device: torch.device) -> Features:
    """Return the VGG16 of a file; the last one is cached.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no file at the path, or it holds no tensors.
    CheckpointMismatch
        If it holds another network.
    """
    return Features(load_state(path)).to(device)


def needed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return those tensors of VGG16 that `Features` uses.

    Parameters
    ----------
    state : mapping of str to Tensor
        VGG16's convolutions, numbered in their order, under any names, such as torchvision's or those of ST-LPIPS [3]_.
        ``lin0.model.1.weight`` and so on weight the channels, where they are present.

    Raises
    ------
    CheckpointMismatch
        If the convolutions are not those of VGG16.
    """
    kernels = _kernels(state)[: sum(LEVELS)]
    widths = [width for width, count in zip(CHANNELS, LEVELS, strict=True) for _ in range(count)]
    if [state[name].shape[0] for name in kernels] != widths:
        found = ", ".join(kernels[:4]) or "no convolution"
        msg = f"Expected the convolutions of VGG16, got {found}. Choose another file for --vgg16."
        raise CheckpointMismatch(msg)
    names = [name for kernel in kernels for name in (kernel, _bias(kernel))]
    names += [_scale(level) for level in range(len(LEVELS)) if _scale(level) in state]
    return {name: state[name] for name in names}


def _kernels(state: Mapping[str, Tensor]) -> list[str]:
    """Return the names of all 3x3 convolutions over several channels, in their order."""
    names = [key for key, tensor in state.items() if tensor.shape[2:] == (3, 3) and tensor.shape[1] > 1]
    return sorted(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


def _bias(kernel: str) -> str:
    return f"{kernel.removesuffix('weight')}bias"


def _scale(level: int) -> str:
    return f"lin{level}.model.1.weight"


def _convolution(state: Mapping[str, Tensor], kernel: str) -> nn.Sequential:
    filters, channels = state[kernel].shape[:2]
    layer = nn.utils.skip_init(nn.Conv2d, channels, filters, 3, padding=1)  # draws no random numbers
    layer.load_state_dict({"weight": state[kernel], "bias": state[_bias(kernel)]})
    return nn.Sequential(layer, nn.ReLU())


def _unit(x: Tensor) -> Tensor:
    """Bring the features of each pixel to about length 1; those near 0 stay short, so that gradients stay finite."""
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32)
    return x * (length + STABILISER * length.mean().detach()).reciprocal().to(x.dtype)
