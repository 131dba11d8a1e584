"""What can be trained: how a clean patch is damaged, and which network repairs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.networks.srvgg import SRVGG
from models.networks.unet import UNet
from training.damage import recipes
from training.data import Patches, Photograph
from training.learning import exam, losses
from training.settings import Settings

EXAM_PATCHES = 32
DEPTH = 20
"""Inner convolutions of an upscaler."""
FOLD = 2
"""Side of the squares of pixels that a restorer folds into channels."""
BLOCKS = (1, 1, 2)
"""Residual blocks of a restorer's levels; each lower level has twice the features."""


EXTRAS = ("pool", "crisp", "rebalance")
"""Settings that only some tasks heed, each nothing by default."""


@dataclass(frozen=True)
class Task:
    """One kind of restoration that a network can learn."""

    name: str
    """As messages call it."""
    damage: recipes.Recipe
    """Makes the network's input from a clean patch."""
    build: Callable[[int], nn.Module]
    """Makes the network of so many features, with weights of chance."""
    features: int
    """Features of the network, at its finest level."""
    multiple: int
    """The sides of a clean patch are multiples of this."""
    losses: tuple[str, ...] = losses.NAMES
    """Names of what the network can learn by."""
    extras: frozenset[str] = frozenset({"pool", "crisp"})
    """Settings, out of `EXTRAS`, that it heeds."""

    def network(self) -> nn.Module:
        """Make the network, with weights of chance."""
        return self.build(self.features)

    def fit(self, pixels: NDArray[np.uint8], patch: int) -> NDArray[np.uint8] | None:
        """Bring a photograph, RGB of shape (H, W, 3), to the size to cut patches from; None leaves it out."""
        return pixels if min(pixels.shape[:2]) >= patch else None

    def patches(
        self, photographs: list[Photograph], settings: Settings, count: int, seed: int
    ) -> Dataset[tuple[Tensor, Tensor]]:
        """Make `count` pairs of what the network is given and what it should answer."""
        return Patches(photographs, settings.patch, self.damage, count, seed=seed, crisp=settings.crisp)

    def prepare(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]]) -> None:
        """Put into a new network what it must know of its data beforehand."""

    def loss(
        self, network: nn.Module, output: Tensor, goal: Tensor, taught: Tensor | None, settings: Settings
    ) -> Tensor:
        """Return how far the network's output is from its goal, as a scalar."""
        return losses.combine(settings.losses, output, goal, taught)

    def judge(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]], settings: Settings) -> str:
        """Examine a network, and say in a few words how good it is."""
        device = next(network.parameters()).device
        return f"psnr {exam.psnr(network, data, EXAM_PATCHES, device):.2f} dB"


def upscale(scale: int) -> Task:
    """Enlarge by `scale`, repairing what small and old cameras do; 1 repairs and keeps the size."""
    if scale == 1:
        return _restorer("upscale x1", recipes.worn, features=32)
    build = partial(_upscaler, scale=scale)
    return Task(f"upscale x{scale}", partial(recipes.reduced, scale=scale), build, features=32, multiple=scale)


def _upscaler(features: int, scale: int) -> nn.Module:
    return SRVGG(num_feat=features, num_conv=DEPTH, scale=scale)


def _restorer(
    name: str, damage: recipes.Recipe, features: int, *, blocks: tuple[int, ...] = BLOCKS, pictures: int = 1
) -> Task:
    build = partial(unet, blocks=blocks, pictures=pictures)
    return Task(name, damage, build, features, multiple=FOLD * 2 ** (len(blocks) - 1))


def unet(features: int, *, blocks: tuple[int, ...] = BLOCKS, pictures: int = 1) -> nn.Module:
    """Make a restorer with weights of chance, of so many features at its finest level."""
    widths = [features * 2**level for level in range(len(blocks))]
    return UNet(widths=widths, blocks=blocks, fold=FOLD, pictures=pictures)


DEBLUR = _restorer("deblur", recipes.guessed, features=32, pictures=2)
DENOISE = _restorer("denoise", recipes.noisy, features=32, blocks=(2, 2, 4))
