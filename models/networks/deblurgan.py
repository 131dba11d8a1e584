"""DeblurGAN-v2: a feature pyramid over the MobileNet or the Inception encoder, added to the blurred picture.

Every norm uses the statistics of the input picture, as the authors run it. So a tile is not restored exactly as it
would be inside the whole picture: prefer whole pictures.

References
----------
.. [1] O. Kupyn et al., "DeblurGAN-v2: Deblurring (Orders-of-Magnitude) Faster and Better",
   ICCV 2019; weights of the repository VITA-Group/DeblurGANv2.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks import inception_resnet_v2, mobilenet_v2
from models.networks.loading import load


class Pyramid(nn.Module):
    """Feature pyramid of an encoder's five maps, merged from the coarsest to the finest.

    Parameters
    ----------
    encoders : sequence of five torch.nn.Module
        Each halves the size and feeds the next.
    channels : sequence of five int
        Channels of their outputs.
    width : int
        Channels of the pyramid's maps; the finest has half as many.
    missing : sequence of five tuples, optional
        Borders (left, right, top, bottom) by which the encoders' maps are too small; they are padded by mirroring.
    """

    def __init__(
        self,
        encoders: Sequence[nn.Module],
        channels: Sequence[int],
        width: int,
        missing: Sequence[tuple[int, int, int, int]] = (),
    ) -> None:
        super().__init__()
        for level, encoder in enumerate(encoders):
            outputs = width if level else width // 2
            self.add_module(f"enc{level}", encoder)
            self.add_module(f"lateral{level}", nn.Conv2d(channels[level], outputs, 1, bias=False))
        self.td1, self.td2, self.td3 = (_conv_norm(width, width) for _ in range(3))
        borders = [nn.ReflectionPad2d(border) for border in missing]
        self.mend = nn.ModuleList(borders or [nn.Identity() for _ in encoders])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return five maps, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size of x (N, 3, H, W)."""
        laterals = []
        for level, mend in enumerate(self.mend):
            x = self.get_submodule(f"enc{level}")(x)
            laterals.append(mend(self.get_submodule(f"lateral{level}")(x)))
        map4 = laterals[4]
        map3 = self.td1(laterals[3] + _enlarge(map4, 2))
        map2 = self.td2(laterals[2] + _enlarge(map3, 2))
        map1 = self.td3(laterals[1] + _enlarge(map2, 2))
        return [laterals[0], map1, map2, map3, map4]


class Head(nn.Module):
    """Two convolutions with ReLU for one map of the pyramid.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.block0 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.block1 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of shape (N, outputs, H, W) for one of shape (N, inputs, H, W)."""
        return F.relu(self.block1(F.relu(self.block0(x))))


class Generator(nn.Module):
    """The generator with the keys of the official files; it works in [-1, 1].

    Parameters
    ----------
    pyramid : Pyramid
        Computes the five maps.
    width, narrow : int
        Channels of the pyramid's maps, and of the heads' outputs.
    """

    def __init__(self, pyramid: Pyramid, width: int, narrow: int) -> None:
        super().__init__()
        self.fpn = pyramid
        self.head1, self.head2, self.head3, self.head4 = (Head(width, narrow) for _ in range(4))
        self.smooth = _conv_norm(4 * narrow, narrow)
        self.smooth2 = _conv_norm(narrow, narrow // 2)
        self.final = nn.Conv2d(narrow // 2, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return sharp pictures for x (N, 3, H, W) in [-1, 1], of the same shape; H and W are multiples of 32."""
        map0, map1, map2, map3, map4 = self.fpn(x)
        heads = [
            _enlarge(self.head4(map4), 8),
            _enlarge(self.head3(map3), 4),
            _enlarge(self.head2(map2), 2),
            self.head1(map1),
        ]
        y = self.smooth(torch.cat(heads, dim=1))  # (N, narrow, H / 4, W / 4)
        y = self.smooth2(_enlarge(y, 2) + map0)  # (N, narrow / 2, H / 2, W / 2)
        y = self.final(_enlarge(y, 2))  # (N, 3, H, W)
        return (torch.tanh(y) + x).clamp(-1, 1)


class DeblurGAN(nn.Module):
    """A generator for pictures in [0, 1].

    Parameters
    ----------
    generator : Generator
        Works in [-1, 1].
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Return sharp pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1], sRGB-encoded. H and W are multiples of 32, at least 64 with the MobileNet encoder and 128
            with the Inception encoder.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            RGB in [0, 1].
        """
        return 0.5 * self.generator(2 * x - 1) + 0.5


def build_mobilenet(state: Mapping[str, Tensor]) -> nn.Module:
    """Return FPN-MobileNet, the faster variant, with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        The generator's official keys, without ``module.``, the encoder under ``fpn.enc0`` to
        ``fpn.enc4`` only, and without stored statistics.

    Returns
    -------
    torch.nn.Module
        A `DeblurGAN` in eval mode.

    Raises
    ------
    CheckpointMismatch
        If the tensors do not fit.
    """
    return DeblurGAN(load(mobilenet_generator, state)).eval()


def build_inception(state: Mapping[str, Tensor]) -> nn.Module:
    """Return FPN-Inception, the better variant, with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        As for `build_mobilenet`.

    Returns
    -------
    torch.nn.Module
        A `DeblurGAN` in eval mode.

    Raises
    ------
    CheckpointMismatch
        If the tensors do not fit.
    """
    return DeblurGAN(load(inception_generator, state)).eval()


def mobilenet_generator() -> Generator:
    """Return the FPN-MobileNet generator, untrained."""
    pyramid = Pyramid(mobilenet_v2.encoders(), mobilenet_v2.CHANNELS, width=128)
    return Generator(pyramid, width=128, narrow=64)


def inception_generator() -> Generator:
    """Return the FPN-Inception generator, untrained."""
    encoder = inception_resnet_v2
    pyramid = Pyramid(encoder.encoders(), encoder.CHANNELS, 256, encoder.MISSING_BORDERS)
    return Generator(pyramid, width=256, narrow=128)


def _conv_norm(inputs: int, outputs: int) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(convolution, nn.InstanceNorm2d(outputs), nn.ReLU())


def _enlarge(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="nearest")
