"""The colorizer in the box: a small U-Net that votes over classes of colour, and the mean of its votes.

References
----------
.. [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016: classes and annealed mean. The classes
   are theirs, as the repository richzhang/colorization (BSD-2-Clause) lists them.
.. [2] O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.encoder_decoder import EncoderDecoder, read_levels
from models.networks.loading import load

STEP = 10
"""Distance of neighbouring classes, in a and in b."""

_FIRST_A = -90
_RANGES_OF_B = (
    *((50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100), (-60, 100), (-70, 100)),
    *(
        (-80, 90),
        (-80, 90),
        (-90, 90),
        (-100, 90),
        (-100, 80),
        (-110, 80),
        (-110, 80),
        (-110, 70),
        (-110, 70),
        (-90, 0),
    ),
)
"""First and last b of the classes of each a, from -90 upwards: all colours that sRGB can show lie between them."""

CENTRES = tuple(
    (_FIRST_A + STEP * row, b)
    for row, (first, last) in enumerate(_RANGES_OF_B)
    for b in range(first, last + STEP, STEP)
)
"""CIE a and b of the 313 classes, in Zhang's order."""

TEMPERATURE = 0.38
"""Zhang's: 1 is the mean of all votes and pale, towards 0 the strongest alone counts."""

FOLD = 4
"""Side of the squares of pixels that become channels; the answer has one value a square."""

_SURE_OF_GREY = 1.0


class NormBlock(nn.Module):
    """Two 3x3 convolutions, each after a norm, whose result is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
        self.second = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape."""
        result: Tensor = x + self.second(self.first(x))
        return result


class ColorClassifier(EncoderDecoder):
    """Votes for the colour of each square of pixels, over the classes of `CENTRES`.

    Squares of pixels are folded into channels, and each level halves the resolution; the lowest also sees the mean of
    the whole picture.

    Parameters
    ----------
    widths : sequence of int
        Channels of each level, the finest first.
    blocks : sequence of int
        Residual blocks of each level; those of all but the last are there twice, on the way down and up.
    """

    prior: Tensor
    """Share of each class in the photographs that it learnt from, shape (313,)."""

    def __init__(self, *, widths: Sequence[int] = (48, 128, 224), blocks: Sequence[int] = (1, 1, 2)) -> None:
        super().__init__(widths, blocks, NormBlock)
        self.register_buffer("prior", torch.full((len(CENTRES),), 1 / len(CENTRES)))
        self.head = nn.Conv2d(FOLD**2, widths[0], 3, padding=1)
        self.add_encoder()
        self.whole = nn.Conv2d(widths[-1], widths[-1], 1)
        self.add_decoder()
        self.tail = nn.Conv2d(widths[0], len(CENTRES), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Vote.

        Parameters
        ----------
        x : Tensor, shape (N, 1, H, W)
            CIE L (D65) in [0, 100]; H and W are multiples of ``4 * 2 ** (levels - 1)``.

        Returns
        -------
        Tensor, shape (N, 313, H / 4, W / 4)
            Logits.
        """
        logits: Tensor = self.tail(self.through_levels(self.head(F.pixel_unshuffle((x - 50) / 25, FOLD))))
        return logits

    def at_the_bottom(self, x: Tensor) -> Tensor:
        """Add what the mean over the whole picture says."""
        result: Tensor = x + self.whole(x.mean((2, 3), keepdim=True))
        return result


class FastColorizer(nn.Module):
    """The annealed mean of a classifier's votes, and how far they agree.

    Parameters
    ----------
    classifier : ColorClassifier
        Who votes.
    temperature : float
        Above 0; `TEMPERATURE` tells what it does.
    gain : float
        Factor of chroma: a mean is paler than what it is the mean of.
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
        """Colour pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 1, H, W)
            As `ColorClassifier` takes it.

        Returns
        -------
        Tensor, shape (N, 3, H / 4, W / 4)
            CIE a and b, and the confidence, in [0, 1]: the length of the mean of all votes as a part of their mean
            length, which is 1 where all are for one hue and near 0 where hues contradict each other.
        """
        logits = self.classifier(x)
        ab = self.gain * F.conv2d((logits / self.temperature).softmax(dim=1), self.centres[:2])
        mean = F.conv2d(logits.softmax(dim=1), self.centres)
        length = mean[:, :2].square().sum(1, keepdim=True).sqrt()
        return torch.cat([ab, length / (mean[:, 2:] + _SURE_OF_GREY)], dim=1)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `ColorClassifier`."""
    return {"prior", "head.weight"} <= state.keys()


def build(state: Mapping[str, Tensor]) -> FastColorizer:
    """Build the colorizer that a plain state dict describes.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of a `ColorClassifier`, of any float type, and perhaps ``temperature`` and ``gain``, each of shape (1,).

    Returns
    -------
    FastColorizer
        In float32 and in eval mode; its size is read from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a ColorClassifier.
    """
    mean = {key: float(state[key]) for key in ("temperature", "gain") if key in state}
    votes = {key: tensor for key, tensor in state.items() if key not in mean}
    classifier = cast(ColorClassifier, load(partial(ColorClassifier, **_read_sizes(votes)), votes))
    return FastColorizer(classifier, **mean).eval()


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """Return the arguments of `ColorClassifier` for a state dict."""
    if not detect(state):
        msg = f"Expected the colorizer in the box, got tensors {', '.join(sorted(state)[:4])}. Choose its file."
        raise CheckpointMismatch(msg)
    widths, blocks = read_levels(state, "head.weight")
    return {"widths": widths, "blocks": blocks}
