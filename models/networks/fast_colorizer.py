"""The bundled colorizer: a small U-Net that predicts classes of colour, and their annealed mean.

References
----------
.. [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016: classes and annealed mean. The classes
   are those of the repository richzhang/colorization (BSD-2-Clause).
.. [2] O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.lite_encoder import CHANNELS, LiteEncoder
from models.networks.loading import load

STEP = 10
"""Distance between neighbouring classes, in a and in b."""

_FIRST_A = -90
_RANGES_OF_B = (
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100), (-60, 100), (-70, 100),
    (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80), (-110, 80), (-110, 70), (-110, 70), (-90, 0),
)  # fmt: skip
"""First and last b of the classes of each a, from -90 upwards; all colours of sRGB lie between them."""

CENTRES = tuple(
    (_FIRST_A + STEP * row, b)
    for row, (first, last) in enumerate(_RANGES_OF_B)
    for b in range(first, last + STEP, STEP)
)
"""CIE a and b of the 313 classes, in Zhang's order."""

TEMPERATURE = 0.38
"""Zhang's temperature of the annealed mean: 1 is the plain, pale mean; towards 0 it is the most probable class."""

FOLD = 4
"""Side of the squares of pixels that have one value in the output."""

_SURE_OF_GREY = 1.0
"""Added to the mean length, in CIE units, so that grey has a confidence near 0 rather than none."""


class NormBlock(nn.Module):
    """A norm and two 3x3 convolutions, whose result is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        result: Tensor = x + self.second(F.relu(self.first(F.relu(self.norm(x)))))
        return result


class ColorClassifier(nn.Module):
    """A U-Net from lightness to the logits of the classes in `CENTRES`, for each square of pixels.

    Its encoder is `LiteEncoder`; each level of the decoder doubles the resolution, and the lowest also takes the mean
    over the whole picture.

    Parameters
    ----------
    widths : sequence of int
        Channels of the four levels of the decoder, the finest first.
    """

    prior: Tensor
    """Share of each class in the photographs of its training, shape (313,)."""

    def __init__(self, *, widths: Sequence[int] = (64, 128, 192, 256)) -> None:
        super().__init__()
        self.register_buffer("prior", torch.full((len(CENTRES),), 1 / len(CENTRES)))
        self.encoder = LiteEncoder()
        self.sides = nn.ModuleList(nn.Conv2d(given, width, 1) for given, width in zip(CHANNELS, widths, strict=True))
        self.whole = nn.Conv2d(CHANNELS[-1], widths[-1], 1)
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in pairwise(widths))
        self.decoder = nn.ModuleList(NormBlock(width) for width in widths)
        self.tail = nn.Conv2d(widths[0], len(CENTRES), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the classes.

        Parameters
        ----------
        x : Tensor, shape (N, 1, H, W)
            CIE L (D65) in [0, 100]; H and W are multiples of 32.

        Returns
        -------
        Tensor, shape (N, 313, H / 4, W / 4)
            Logits.
        """
        maps = self.encoder(x / 50 - 1)
        *finer, x = (side(each) for side, each in zip(self.sides, maps, strict=True))
        x = self.decoder[-1](x + self.whole(maps[-1].mean((2, 3), keepdim=True)))
        for level in reversed(range(len(finer))):
            x = self.decoder[level](finer[level] + F.pixel_shuffle(self.up[level](x), 2))
        logits: Tensor = self.tail(x)
        return logits


class FastColorizer(nn.Module):
    """The annealed mean of a classifier's colours, and its confidence.

    Parameters
    ----------
    classifier : ColorClassifier
        Computes the logits.
    temperature : float
        Above 0; see `TEMPERATURE`.
    gain : float
        Factor of chroma; a mean of colours is paler than the colours.
    """

    centres: Tensor

    def __init__(self, classifier: ColorClassifier, temperature: float = TEMPERATURE, gain: float = 1.0) -> None:
        super().__init__()
        self.classifier = classifier
        self.temperature = temperature
        self.gain = gain
        centres = torch.tensor(CENTRES, dtype=torch.float32).T  # (2, 313)
        self.register_buffer("centres", torch.cat([centres, centres.norm(dim=0, keepdim=True)])[:, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Return colours and their confidence.

        Parameters
        ----------
        x : Tensor, shape (N, 1, H, W)
            As `ColorClassifier` takes it.

        Returns
        -------
        Tensor, shape (N, 3, H / 4, W / 4)
            CIE a and b, and the confidence, in [0, 1]: the length of the mean colour over the mean length of the
            colours, both weighted by probability. It is 1 where all have one hue, and near 0 where hues differ.
        """
        logits = self.classifier(x)
        ab = self.gain * F.conv2d((logits / self.temperature).softmax(dim=1), self.centres[:2])
        mean = F.conv2d(logits.softmax(dim=1), self.centres)
        length = mean[:, :2].square().sum(1, keepdim=True).sqrt()
        return torch.cat([ab, length / (mean[:, 2:] + _SURE_OF_GREY)], dim=1)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `ColorClassifier`."""
    return {"prior", "encoder.stem.weight"} <= state.keys()


def build(state: Mapping[str, Tensor]) -> FastColorizer:
    """Return the colorizer with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of a `ColorClassifier`, of any float type, and perhaps ``temperature`` and ``gain``, each of shape (1,).

    Returns
    -------
    FastColorizer
        In float32 and in eval mode; its size follows from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a ColorClassifier.
    """
    mean = {key: float(state[key]) for key in ("temperature", "gain") if key in state}
    tensors = {key: tensor for key, tensor in state.items() if key not in mean}
    classifier = cast(ColorClassifier, load(partial(ColorClassifier, **_read_sizes(tensors)), tensors))
    return FastColorizer(classifier, **mean).eval()


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """Return the arguments of `ColorClassifier` for a state dict."""
    if not detect(state):
        msg = (
            "Expected a colorizer of this project, with tensors prior, encoder.stem.weight and others; "
            f"got {', '.join(sorted(state)[:4]) or 'no tensors'}. Choose another file."
        )
        raise CheckpointMismatch(msg)
    return {"widths": [len(state[f"sides.{level}.bias"]) for level in range(len(CHANNELS))]}
