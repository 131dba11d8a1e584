"""Zhang's two official colorizers: from lightness to colour, in CIE Lab.

Both were trained on pictures of 256 x 256 pixels; other sizes work, with other colours.

References
----------
.. [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016.
.. [2] R. Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors",
   SIGGRAPH 2017. Weights of both: the repository richzhang/colorization.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.loading import load

AB_RANGE = 110.0
"""CIE units of a and b in one unit of the networks."""


class ECCV16(nn.Module):
    """The colorizer of 2016: predicts probabilities of 313 colours and returns their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.model1 = _block(1, 64, convs=2, stride=2)
        self.model2 = _block(64, 128, convs=2, stride=2)
        self.model3 = _block(128, 256, convs=3, stride=2)
        self.model4 = _block(256, 512, convs=3)
        self.model5 = _block(512, 512, convs=3, dilation=2)
        self.model6 = _block(512, 512, convs=3, dilation=2)
        self.model7 = _block(512, 512, convs=3)
        self.model8 = nn.Sequential(
            *(_double(512, 256), nn.ReLU()),
            *(_conv(256, 256), nn.ReLU()),
            *(_conv(256, 256), nn.ReLU()),
            nn.Conv2d(256, 313, 1),
        )
        self.model_out = nn.Conv2d(313, 2, 1, bias=False)

    def forward(self, lightness: Tensor) -> Tensor:
        """Colour pictures.

        Parameters
        ----------
        lightness : Tensor, shape (N, 1, H, W)
            CIE L (D65) in [0, 100]; H and W are multiples of 8.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            CIE a and b, in about [-110, 110]; computed at a quarter of the size.
        """
        x = _normalise(lightness)
        for index in range(1, 9):
            x = self.get_submodule(f"model{index}")(x)
        ab = self.model_out(x.softmax(dim=1))  # (N, 2, H / 4, W / 4)
        ab = F.interpolate(ab, scale_factor=4, mode="bilinear", align_corners=False)
        return AB_RANGE * ab


class SIGGRAPH17(nn.Module):
    """The colorizer of 2017: a U-Net that takes colours at some pixels as hints."""

    def __init__(self) -> None:
        super().__init__()
        self.model1 = _block(4, 64, convs=2)
        self.model2 = _block(64, 128, convs=2)
        self.model3 = _block(128, 256, convs=3)
        self.model4 = _block(256, 512, convs=3)
        self.model5 = _block(512, 512, convs=3, dilation=2)
        self.model6 = _block(512, 512, convs=3, dilation=2)
        self.model7 = _block(512, 512, convs=3)
        self.model8up = nn.Sequential(_double(512, 256))
        self.model9up = nn.Sequential(_double(256, 128))
        self.model10up = nn.Sequential(_double(128, 128))
        self.model3short8 = nn.Sequential(_conv(256, 256))
        self.model2short9 = nn.Sequential(_conv(128, 128))
        self.model1short10 = nn.Sequential(_conv(64, 128))
        self.model8 = nn.Sequential(nn.ReLU(), *_block(256, 256, convs=2))
        self.model9 = nn.Sequential(nn.ReLU(), *_block(128, 128, convs=1))
        self.model10 = nn.Sequential(nn.ReLU(), _conv(128, 128), nn.LeakyReLU(0.2))
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        """Colour pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 4, H, W)
            CIE L (D65) in [0, 100]; CIE a and b where a colour is given, 0 elsewhere; and a mask, 1 where it is given.
            H and W are multiples of 8.

        Returns
        -------
        Tensor, shape (N, 2, H, W)
            CIE a and b, within [-110, 110].
        """
        x = torch.cat([_normalise(x[:, :1]), x[:, 1:3] / AB_RANGE, x[:, 3:]], dim=1)
        full = self.model1(x)  # (N, 64, H, W)
        half = self.model2(full[:, :, ::2, ::2])  # (N, 128, H / 2, W / 2)
        quarter = self.model3(half[:, :, ::2, ::2])  # (N, 256, H / 4, W / 4)
        x = self.model4(quarter[:, :, ::2, ::2])  # (N, 512, H / 8, W / 8)
        x = self.model7(self.model6(self.model5(x)))
        x = self.model8(self.model8up(x) + self.model3short8(quarter))
        x = self.model9(self.model9up(x) + self.model2short9(half))
        x = self.model10(self.model10up(x) + self.model1short10(full))
        return AB_RANGE * self.model_out(x)


def build_eccv16(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the colorizer of 2016 with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        The official keys.

    Returns
    -------
    torch.nn.Module
        An `ECCV16` in eval mode.

    Raises
    ------
    CheckpointMismatch
        If the tensors do not fit.
    """
    return load(ECCV16, state)


def build_siggraph17(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the colorizer of 2017 with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        The official keys, without ``model_class``, which is only for training.

    Returns
    -------
    torch.nn.Module
        A `SIGGRAPH17` in eval mode.

    Raises
    ------
    CheckpointMismatch
        If the tensors do not fit.
    """
    return load(SIGGRAPH17, state)


def _normalise(lightness: Tensor) -> Tensor:
    return (lightness - 50) / 100


def _conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation)


def _double(inputs: int, outputs: int) -> nn.Module:
    """Return a transposed convolution that doubles the size."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)


def _block(inputs: int, outputs: int, *, convs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Return convolutions with ReLU, the last one strided, and a batch norm."""
    layers: list[nn.Module] = []
    for index in range(convs):
        step = stride if index == convs - 1 else 1
        layers += [_conv(outputs if index else inputs, outputs, step, dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs))
