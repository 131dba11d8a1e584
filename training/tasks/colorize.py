"""The task of colouring: the network in the box, and what it learns by."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.networks.fast_colorizer import TEMPERATURE, ColorClassifier
from training.data import Photograph
from training.learning import exam, votes
from training.settings import Settings
from training.tasks import colour_patches
from training.tasks.task import Task

PRIOR_PATCHES = 4000
EXAM_PATCHES = 200
BLOCKS = (1, 1, 2)
"""Residual blocks of the levels."""


@dataclass(frozen=True)
class Colorize(Task):
    """Guess ab from L."""

    def fit(self, pixels: NDArray[np.uint8], patch: int) -> NDArray[np.uint8] | None:
        """Bring a photograph to about the size of a patch; None where it has no colours."""
        return colour_patches.fit(pixels, patch)

    def patches(
        self, photographs: list[Photograph], settings: Settings, count: int, seed: int
    ) -> Dataset[tuple[Tensor, Tensor]]:
        """Make `count` pairs of L and ab."""
        return colour_patches.ColourPatches(photographs, settings.patch, self.damage, count, seed=seed)

    def prepare(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]]) -> None:
        """Count the classes, which the losses need, and let the network begin with their share."""
        network = cast(ColorClassifier, network)
        shares = [votes.share_of_classes(data[i][1][None]) for i in range(PRIOR_PATCHES)]
        with torch.no_grad():
            network.prior.copy_(torch.stack(shares).mean(0))
            cast(Tensor, network.tail.bias).copy_(network.prior.clamp_min(1e-6).log())

    def loss(
        self, network: nn.Module, output: Tensor, goal: Tensor, taught: Tensor | None, settings: Settings
    ) -> Tensor:
        """Return how far the votes are from the true colours."""
        weights = votes.class_weights(cast(ColorClassifier, network).prior, settings.rebalance)
        terms = [weight * votes.loss(name, output, goal, weights) for name, weight in settings.losses]
        return torch.stack(terms).sum()

    def judge(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]], settings: Settings) -> str:
        """Measure errors of colour, and chroma."""
        temperature = 1.0 if dict(settings.losses).keys() == {"mean"} else TEMPERATURE
        device = next(network.parameters()).device
        error, grey, chroma = exam.colour_errors(
            cast(ColorClassifier, network), data, EXAM_PATCHES, device, temperature
        )
        return f"de00 {error:.2f} at half the chroma (grey {grey:.2f}), chroma {chroma:.2f}"


def _classifier(features: int) -> nn.Module:
    return ColorClassifier(widths=(features, features * 8 // 3, features * 14 // 3), blocks=BLOCKS)


COLORIZE = Colorize(
    "colorize",
    colour_patches.printed,
    _classifier,
    features=48,
    multiple=16,
    losses=votes.NAMES,
    extras=frozenset({"rebalance"}),
)
