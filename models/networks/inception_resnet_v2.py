"""The part of Inception-ResNet-v2 that is the better encoder of DeblurGAN-v2."""

import torch
from torch import Tensor, nn

from models.networks.norms import BatchStatNorm2d

CHANNELS = (32, 64, 192, 1088, 2080)
"""Channels of the five maps, at about 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size."""

MISSING_BORDERS = ((0, 1, 0, 1), (1, 1, 1, 1), (1, 2, 1, 2), (1, 1, 1, 1), (1, 1, 1, 1))
"""Pixels by which each map is too small (left, right, top, bottom), because many convolutions are unpadded."""

Kernel = int | tuple[int, int]


class Conv(nn.Module):
    """Convolution without bias, norm, ReLU.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    kernel : int or tuple of int
        Size of the kernel.
    stride : int
        Step of the kernel.
    padding : int or tuple of int
        Zeros on each side.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Kernel = 1,
        *,
        stride: int = 1,
        padding: Kernel = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = BatchStatNorm2d(outputs, eps=1e-3)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return a map with `outputs` channels for one of shape (N, inputs, H, W)."""
        return self.relu(self.bn(self.conv(x)))


class Branches(nn.Module):
    """Parallel branches whose channels are concatenated.

    Parameters
    ----------
    *branches : torch.nn.Module
        All take the same map and return maps of one size.
    """

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.names = [f"branch{index}" for index in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        """Return the branches' maps, concatenated along the channels."""
        return torch.cat([self.get_submodule(name)(x) for name in self.names], dim=1)


class ResidualBranches(Branches):
    """Branches whose concatenated maps are reduced by a 1x1 convolution and added to the input.

    Parameters
    ----------
    *branches : torch.nn.Module
        As in `Branches`; they keep the size.
    stacked, channels : int
        Channels of all branches together, and of the input.
    scale : float
        Factor of the sum's second term.
    """

    def __init__(self, *branches: nn.Module, stacked: int, channels: int, scale: float) -> None:
        super().__init__(*branches)
        self.conv2d = nn.Conv2d(stacked, channels, 1)
        self.scale = scale
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the input's shape, (N, channels, H, W)."""
        return self.relu(x + self.scale * self.conv2d(super().forward(x)))


def encoders() -> list[nn.Module]:
    """Return the five stages of the encoder; each about halves the size and feeds the next.

    Returns
    -------
    list of torch.nn.Module
        Their outputs have the channels of `CHANNELS` and, where the input's sides are multiples of 32, lack the
        borders of `MISSING_BORDERS`.

    References
    ----------
    .. [1] C. Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual
       Connections on Learning", AAAI 2017.
    """
    return [
        Conv(3, 32, 3, stride=2),
        nn.Sequential(Conv(32, 32, 3), Conv(32, 64, 3, padding=1), nn.MaxPool2d(3, 2)),
        nn.Sequential(Conv(64, 80), Conv(80, 192, 3), nn.MaxPool2d(3, 2)),
        nn.Sequential(_mixed_5b(), nn.Sequential(*(_block35() for _ in range(10))), _mixed_6a()),
        nn.Sequential(nn.Sequential(*(_block17() for _ in range(20))), _mixed_7a()),
    ]


def _mixed_5b() -> nn.Module:
    return Branches(
        Conv(192, 96),
        nn.Sequential(Conv(192, 48), Conv(48, 64, 5, padding=2)),
        nn.Sequential(Conv(192, 64), Conv(64, 96, 3, padding=1), Conv(96, 96, 3, padding=1)),
        nn.Sequential(nn.AvgPool2d(3, 1, padding=1, count_include_pad=False), Conv(192, 64)),
    )


def _block35() -> nn.Module:
    return ResidualBranches(
        Conv(320, 32),
        nn.Sequential(Conv(320, 32), Conv(32, 32, 3, padding=1)),
        nn.Sequential(Conv(320, 32), Conv(32, 48, 3, padding=1), Conv(48, 64, 3, padding=1)),
        stacked=128,
        channels=320,
        scale=0.17,
    )


def _mixed_6a() -> nn.Module:
    return Branches(
        Conv(320, 384, 3, stride=2),
        nn.Sequential(Conv(320, 256), Conv(256, 256, 3, padding=1), Conv(256, 384, 3, stride=2)),
        nn.MaxPool2d(3, 2),
    )


def _block17() -> nn.Module:
    return ResidualBranches(
        Conv(1088, 192),
        nn.Sequential(
            Conv(1088, 128),
            Conv(128, 160, (1, 7), padding=(0, 3)),
            Conv(160, 192, (7, 1), padding=(3, 0)),
        ),
        stacked=384,
        channels=1088,
        scale=0.1,
    )


def _mixed_7a() -> nn.Module:
    return Branches(
        nn.Sequential(Conv(1088, 256), Conv(256, 384, 3, stride=2)),
        nn.Sequential(Conv(1088, 256), Conv(256, 288, 3, stride=2)),
        nn.Sequential(Conv(1088, 256), Conv(256, 288, 3, padding=1), Conv(288, 320, 3, stride=2)),
        nn.MaxPool2d(3, 2),
    )
