"""The task of colouring: the bundled colorizer's network, its patches and its losses."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from models.networks.fast_colorizer import TEMPERATURE, ColorClassifier
from pipeline.arrays import Image, Image8
from training.damage.recipes import Recipe
from training.data import Pair, Patches, Photograph
from training.learning import colour_classes, validation
from training.settings import Settings
from training.tasks import colour_patches
from training.tasks.task import Task

PRIOR_PATCHES = 4000
"""Patches whose colours are counted before training starts."""
VALIDATION_PATCHES = 200


@dataclass(frozen=True, kw_only=True)
class Colorize(Task):
    """Learn CIE a and b from L."""

    damage: Recipe = colour_patches.printed
    """Makes the print, whose L the network is given."""

    def fit(self, pixels: Image8, patch: int) -> Image8 | None:
        """Return a photograph at nearly the size of a patch, or None where it has no colours."""
        return colour_patches.fit(pixels, patch)

    def cut(self, photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
        """Return a random patch, perhaps mirrored, never turned."""
        return colour_patches.cut(photographs, side, rng)

    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return L of a print, and ab of the photograph at a quarter of the size."""
        return colour_patches.lightness_and_colours(image, rng, self.damage)

    def prepare(self, network: nn.Module, data: Patches) -> None:
        """Set the shares of the classes, which the losses need, and the first logits to match them."""
        network = cast(ColorClassifier, network)
        shares = [colour_classes.share_of_classes(data[i][1][None]) for i in range(PRIOR_PATCHES)]
        with torch.no_grad():
            network.prior.copy_(torch.stack(shares).mean(0))
            cast(Tensor, network.tail.bias).copy_(network.prior.clamp_min(1e-6).log())

    def freeze(self, network: nn.Module, settings: Settings) -> None:
        """Keep the weights of an encoder that is trained: they come from many more pictures, and cost most time."""
        if settings.start:
            cast(ColorClassifier, network).encoder.requires_grad_(False)

    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the weighted sum of the losses of the class probabilities."""
        weights = colour_classes.class_weights(cast(ColorClassifier, network).prior, settings.rebalance)
        terms = [weight * colour_classes.loss(name, output, goal, weights) for name, weight in settings.losses]
        return torch.stack(terms).sum()

    def validate(self, network: nn.Module, data: Patches, settings: Settings) -> str:
        """Return the colour error, that of grey, and the chroma."""
        temperature = 1.0 if dict(settings.losses).keys() == {"mean"} else TEMPERATURE
        error, grey, chroma = validation.colour_errors(
            cast(ColorClassifier, network), data, VALIDATION_PATCHES, temperature
        )
        return f"de00 {error:.2f} at half the chroma (grey {grey:.2f}), chroma {chroma:.2f}"


def _classifier(features: int) -> nn.Module:
    return ColorClassifier(widths=[features * level for level in range(1, 5)])


COLORIZE = Colorize(
    name="colorize",
    build=_classifier,
    features=64,
    multiple=32,
    losses=colour_classes.NAMES,
    extras=frozenset({"rebalance"}),
)
