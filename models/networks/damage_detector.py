"""The bundled damage detector: a small U-Net that finds scratches, tears and dust on prints."""

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
"""Bias of the logits before training: about three of a hundred pixels are damaged."""


class DamageClassifier(EncoderDecoder):
    """A U-Net from a picture to the logits of damage at each pixel.

    Pixels are folded into channels, which keeps scratches of one pixel. Each level halves the resolution; the lowest
    sees over a hundred pixels, so it can tell a scratch, which crosses a tree, from a wire that passes behind it.

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

    def __init__(self, *, widths: Sequence[int] = (24, 48, 96, 128), blocks: Sequence[int] = (1, 1, 1, 2)) -> None:
        super().__init__(widths, blocks)
        self.stem = nn.Conv2d(3 * FOLD**2, widths[0], 3, padding=1)
        self.add_encoder()
        self.add_decoder()
        self.tail = nn.Conv2d(widths[0], FOLD**2, 3, padding=1)
        nn.init.constant_(cast(Tensor, self.tail.bias), _RARE)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of damage.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; both sides are multiples of ``FOLD * 2 ** (levels - 1)``.

        Returns
        -------
        Tensor, shape (N, 1, H, W)
            Logits; above 0 means damage.
        """
        x = self.through_levels(self.stem(F.pixel_unshuffle(x - 0.5, FOLD)))
        return F.pixel_shuffle(self.tail(x), FOLD)


class DamageDetector(nn.Module):
    """A damage classifier whose output is a picture of probabilities.

    Parameters
    ----------
    classifier : DamageClassifier
        Computes the logits.
    """

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        """Return the probability of damage.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            As `DamageClassifier` takes it.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            Probability of damage in three equal channels, as other networks return pictures.
        """
        return self.classifier(x).sigmoid().expand(-1, 3, -1, -1)


def build(state: Mapping[str, Tensor]) -> DamageDetector:
    """Return the detector with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        That of a `DamageClassifier`, of any float type.

    Returns
    -------
    DamageDetector
        In float32 and in eval mode; its size follows from the shapes.

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
            f"got {', '.join(sorted(state)[:4]) or 'no tensors'}. Choose another file."
        )
        raise CheckpointMismatch(msg)
    widths, blocks = read_levels(state, "stem.weight")
    return {"widths": widths, "blocks": blocks}
