"""The damage detector in the box: a small U-Net that says where a print is scratched, torn or dusty."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.encoder_decoder import EncoderDecoder, read_levels
from models.networks.loading import load

FOLD = 2
"""Side of the squares of pixels that are folded into channels."""

_RARE = -3.0
"""Logit with which training begins: of a hundred pixels, some three are damaged."""


class DamageClassifier(EncoderDecoder):
    """Votes, pixel by pixel, on whether it is damage.

    Pixels are folded into channels, which keeps scratches one pixel wide, and each level halves the resolution, so
    that the lowest follows lines over a hundred pixels: a wire goes on behind a tree, a scratch before it.

    Parameters
    ----------
    widths : sequence of int
        Channels of each level, the finest first.
    blocks : sequence of int
        Residual blocks of each level; those of all but the last are there twice, on the way down and up.

    References
    ----------
    .. [1] O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
    """

    def __init__(self, *, widths: Sequence[int] = (24, 48, 96, 128), blocks: Sequence[int] = (1, 1, 1, 2)) -> None:
        super().__init__(widths, blocks)
        self.stem = nn.Conv2d(3 * FOLD**2, widths[0], 3, padding=1)
        self.add_encoder()
        self.add_decoder()
        self.tail = nn.Conv2d(widths[0], FOLD**2, 3, padding=1)
        nn.init.constant_(cast(Tensor, self.tail.bias), _RARE)

    def forward(self, x: Tensor) -> Tensor:
        """Vote.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; both sides are multiples of ``FOLD * 2 ** (levels - 1)``.

        Returns
        -------
        Tensor, shape (N, 1, H, W)
            Logits; above 0 is damage.
        """
        x = self.through_levels(self.stem(F.pixel_unshuffle(x - 0.5, FOLD)))
        return F.pixel_shuffle(self.tail(x), FOLD)


class DamageDetector(nn.Module):
    """A classifier's votes as a picture of probabilities.

    Parameters
    ----------
    classifier : DamageClassifier
        Who votes.
    """

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        """Find damage.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            As `DamageClassifier` takes it.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            Probability of damage in three equal channels, so that it goes wherever a picture does.
        """
        return self.classifier(x).sigmoid().expand(-1, 3, -1, -1)


def build(state: Mapping[str, Tensor]) -> DamageDetector:
    """Make the detector that a plain state dict describes, and load it.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of a `DamageClassifier`, of any float type.

    Returns
    -------
    DamageDetector
        In float32 and in eval mode; its size is read from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a DamageClassifier.
    """
    return DamageDetector(load(partial(DamageClassifier, **_read_sizes(state)), state)).eval()


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `DamageClassifier`."""
    return {"stem.weight", "tail.weight", "encoder.0.0.first.weight"} <= state.keys()


def traits(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the number, ``multiple``, that both sides of the network's input are multiples of."""
    return {"multiple": FOLD * 2 ** (len(_read_sizes(state)["widths"]) - 1)}


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the arguments of `DamageClassifier` for a state dict."""
    if not detect(state):
        msg = (
            "Expected a damage detector of this project, with tensors stem.weight, tail.weight and others; "
            f"got {', '.join(sorted(state)[:4]) or 'no tensors'}. Choose a file of this kind."
        )
        raise CheckpointMismatch(msg)
    widths, blocks = read_levels(state, "stem.weight")
    return {"widths": widths, "blocks": blocks}
