"""SRVGGNetCompact, the small upscaler of Real-ESRGAN: a row of convolutions at low resolution."""

import math
import re
from collections.abc import Mapping
from functools import partial
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.networks.loading import load


class SRVGG(nn.Module):
    """The compact upscaler: 3x3 convolutions with PReLU, then one pixel shuffle.

    The output is added to the nearest-neighbour enlargement of the input. The receptive field reaches one pixel for
    each convolution, ``num_conv + 2`` in all, so tiles that overlap by as much equal the whole picture. Keys and shapes
    are those of the official files.

    Parameters
    ----------
    num_feat : int
        Channels of the inner convolutions.
    num_conv : int
        Inner convolutions, between the first and the last.
    scale : int
        Enlargement, 1 or more.

    References
    ----------
    .. [1] X. Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure
       Synthetic Data", ICCV workshops 2021; network ``realesr-general-x4v3`` of its repository.
    """

    def __init__(self, *, num_feat: int = 64, num_conv: int = 32, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.num_conv = num_conv
        layers = [nn.Conv2d(3, num_feat, 3, padding=1), nn.PReLU(num_feat)]
        for _ in range(num_conv):
            layers += [nn.Conv2d(num_feat, num_feat, 3, padding=1), nn.PReLU(num_feat)]
        layers.append(nn.Conv2d(num_feat, 3 * scale**2, 3, padding=1))
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return enlarged pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1], sRGB-encoded, of any size.

        Returns
        -------
        Tensor, shape (N, 3, scale * H, scale * W)
            RGB, not clamped: values may lie a little outside [0, 1].
        """
        detail = self.body(x)  # (N, 3 * scale^2, H, W)
        detail = F.pixel_shuffle(detail, self.scale)  # (N, 3, scale * H, scale * W)
        return detail + F.interpolate(x, scale_factor=self.scale, mode="nearest")


def build(state: Mapping[str, Tensor]) -> SRVGG:
    """Return the network with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        Keys ``body.0.weight`` and so on, without wrapper or prefix, of any float type.

    Returns
    -------
    SRVGG
        In float32 and in eval mode; its size follows from the shapes.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of an SRVGG; the text names the first ones that differ.
    """
    return cast(SRVGG, load(partial(SRVGG, **_read_sizes(state)), state))


def _read_sizes(state: Mapping[str, Tensor]) -> dict[str, int]:
    """Return the arguments of `SRVGG` for a state dict."""
    indices = [int(m[1]) for key in state if (m := re.fullmatch(r"body\.(\d+)\.weight", key))]
    last = max(indices, default=0)
    if "body.0.weight" not in state or last < 2 or last % 2:
        msg = (
            "Expected an SRVGG, with weights body.0, body.1 ... up to an even number; "
            f"got {', '.join(sorted(state)[:4]) or 'no tensors'}. Choose another file."
        )
        raise CheckpointMismatch(msg)
    return {
        "num_feat": state["body.0.weight"].shape[0],
        "num_conv": (last - 2) // 2,
        "scale": max(1, math.isqrt(state[f"body.{last}.weight"].shape[0] // 3)),
    }
