"""The bundled blur estimator: from a picture's power spectrum to kind, size and direction of its blur."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.loading import load

SIDE = 64
"""Side of the spectrum."""
WIDTHS = (24, 48, 64, 64)
HIDDEN = 96
ANSWERS = 7
"""Outputs: scores of three kinds, radius, length, and cosine and sine of twice the angle."""
UNIT = 18.0
"""Pixels of radius or length that an output of 1 stands for."""


class BlurEstimator(nn.Module):
    """Four convolutions and two linear layers.

    Defocus causes rings in the logarithmic power spectrum, motion causes stripes; their distance depends on the size of
    the blur and their direction on its angle.

    References
    ----------
    .. [1] M. Cannon, "Blind Deconvolution of Spatially Invariant Image Blurs with Phase", 1976.
    """

    def __init__(self) -> None:
        super().__init__()
        convolutions: list[nn.Module] = []
        below = 1
        for level, width in enumerate(WIDTHS):
            convolutions += [nn.Conv2d(below, width, 3, stride=1 if level == 0 else 2, padding=1), nn.ReLU()]
            below = width
        side = SIDE // 2 ** (len(WIDTHS) - 1)
        self.layers = nn.Sequential(
            *convolutions, nn.Flatten(), nn.Linear(below * side**2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, ANSWERS)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Estimate blur from spectra.

        Parameters
        ----------
        x : Tensor, shape (N, 1, SIDE, SIDE)
            Mean logarithmic power, zero frequency in the middle, mean 0.

        Returns
        -------
        Tensor, shape (N, ANSWERS)
            Logits of the kinds (other, defocus, motion); radius and length in pixels; cosine and sine of twice the
            angle, which are the same for both directions along a line.
        """
        answer = self.layers(x / 4)  # the standard deviation of the logarithmic power is about four
        return torch.cat([answer[:, :3], UNIT * answer[:, 3:5], answer[:, 5:]], dim=1)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a `BlurEstimator`."""
    return "layers.0.weight" in state


def build(state: Mapping[str, Tensor]) -> BlurEstimator:
    """Return the network with the weights of a state dict.

    Raises
    ------
    CheckpointMismatch
        If the tensors are not those of a BlurEstimator.
    """
    return cast(BlurEstimator, load(BlurEstimator, state))
