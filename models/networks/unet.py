"""The bundled restorers: a residual U-Net that works at reduced resolution."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.encoder_decoder import EncoderDecoder, read_levels
from models.networks.loading import load


class UNet(EncoderDecoder):
    """Residual U-Net from one or more pictures to one of the same size.

    Pixels are first folded into channels, then each level halves the resolution. The network's output is added to the
    last of its input pictures.

    Parameters
    ----------
    widths : sequence of int
        Channels of each level, the finest first.
    blocks : sequence of int
        Residual blocks of each level; all but the last level have as many in the decoder as in the encoder.
    fold : int
        Side of the squares of pixels that become channels.
    pictures : int
        Number of RGB pictures in the input, such as the photograph and a first guess.

    References
    ----------
    .. [1] O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.
    .. [2] K. Zhang et al., "Plug-and-Play Image Restoration with Deep Denoiser Prior" (DRUNet), 2021:
       residual blocks in a U-Net for restoration, without normalisation.
    .. [3] K. Zhang et al., "FFDNet", 2018: pixels folded into channels for speed.
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 64, 128),
        blocks: Sequence[int] = (1, 1, 2),
        fold: int = 1,
        pictures: int = 1,
    ) -> None:
        super().__init__(widths, blocks)
        self.fold = fold
        self.pictures = pictures
        self.head = nn.Conv2d(3 * pictures * fold**2, widths[0], 3, padding=1)
        self.add_encoder()
        self.add_decoder()
        self.tail = nn.Conv2d(widths[0], 3 * fold**2, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)  # an untrained network returns the picture unchanged

    def forward(self, x: Tensor) -> Tensor:
        """Return restored pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3 * pictures, H, W)
            RGB in [0, 1], sRGB-encoded, one picture after the other; both sides are multiples of
            ``fold * 2 ** (levels - 1)``.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            RGB, not clamped: values may lie a little outside [0, 1].
        """
        y = self.through_levels(self.head(F.pixel_unshuffle(x, self.fold)))
        return x[:, -3:] + F.pixel_shuffle(self.tail(y), self.fold)


def build(state: Mapping[str, Tensor]) -> UNet:
    """Return the network with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        Keys ``head.weight``, ``encoder.0.0.first.weight`` and so on, of any float type.

    Returns
    -------
    UNet
        In float32 and in eval mode; its size follows from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a UNet; the text names the first ones that differ.
    """
    return cast(UNet, load(partial(UNet, **_read_sizes(state)), state))


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `UNet`."""
    return {"head.weight", "tail.weight", "encoder.0.0.first.weight"} <= state.keys()


def traits(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the number of input ``pictures``, and the number, ``multiple``, that their sides are multiples of."""
    sizes = _read_sizes(state)
    return {"pictures": sizes["pictures"], "multiple": sizes["fold"] * 2 ** (len(sizes["widths"]) - 1)}


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the arguments of `UNet` for a state dict."""
    if "head.weight" not in state or "tail.weight" not in state:
        msg = (
            "Expected a U-Net of this project, with tensors head.weight, tail.weight and others; "
            f"got {', '.join(sorted(state)[:4]) or 'no tensors'}. Choose another file."
        )
        raise CheckpointMismatch(msg)
    widths, blocks = read_levels(state, "head.weight")
    fold = max(1, math.isqrt(state["tail.weight"].shape[0] // 3))
    return {
        "widths": widths,
        "blocks": blocks,
        "fold": fold,
        "pictures": max(1, state["head.weight"].shape[1] // (3 * fold**2)),
    }
