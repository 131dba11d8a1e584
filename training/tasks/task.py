"""What can be trained: a network, the pairs that it learns from, its loss and how it is validated."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Tensor, nn

from models.networks.srvgg import SRVGG
from models.networks.unet import UNet
from pipeline.arrays import Image, Image8
from training.damage import blurs, recipes
from training.damage.degrade import grey, sepia
from training.data import Pair, Patches, Photograph, random_patch
from training.learning import losses, perceptual, validation
from training.learning.losses import PERIOD
from training.settings import Settings

VALIDATION_PATCHES = 32
GREY_PART, SEPIA_PART = 0.1, 0.05
"""Shares of the patches that are made grey and brown, so that networks keep the tone of old photographs."""
DEPTH = 24
"""Inner convolutions of an upscaler."""
FOLD = 2
"""Side of the squares of pixels that a restorer folds into channels."""
BLOCKS = (1, 1, 2)
"""Residual blocks of a restorer's levels; each lower level has twice the features."""

EXTRAS = ("pool", "teacher", "rebalance", "shapes", "recogniser")
"""Settings that only some tasks support; each is off by default."""


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """One kind of work that a network can learn."""

    name: str
    """Its name in messages."""
    build: Callable[[int], nn.Module]
    """Makes an untrained network with this many features."""
    features: int
    """Features of the network at its finest level."""
    multiple: int
    """The side of a patch is a multiple of this."""
    losses: tuple[str, ...]
    """Names of the losses that it supports."""
    extras: frozenset[str] = frozenset()
    """Settings out of `EXTRAS` that it supports."""

    def network(self) -> nn.Module:
        """Return an untrained network."""
        return self.build(self.features)

    def fit(self, pixels: Image8, patch: int) -> Image8 | None:
        """Return a photograph at the size to cut patches from, or None where it is of no use."""
        return pixels if min(pixels.shape[:2]) >= patch else None

    def cut(self, photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
        """Return a random patch of `side` pixels, RGB in [0, 1]."""
        return random_patch(photographs, side, rng)

    @abstractmethod
    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return what the network is given and what it should answer, made from a patch."""

    def patches(self, photographs: list[Photograph], settings: Settings, count: int, seed: int) -> Patches:
        """Return `count` pairs of input and goal, cut from photographs."""
        make = partial(self.pair, settings=settings)
        return Patches(photographs, settings.patch, make, count, seed=seed, cut=self.cut)

    def prepare(self, network: nn.Module, data: Patches) -> None:  # noqa: B027 (a hook that most tasks do not need)
        """Initialise what an untrained network must know of its data."""

    def freeze(self, network: nn.Module, settings: Settings) -> None:  # noqa: B027 (a hook that most tasks do not need)
        """Exclude weights from training."""

    @abstractmethod
    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the loss as a scalar."""

    @abstractmethod
    def validate(self, network: nn.Module, data: Patches, settings: Settings) -> str:
        """Return the network's figures on unseen pairs, as text."""


@dataclass(frozen=True, kw_only=True)
class Restoration(Task):
    """Learn to undo damage that a recipe makes."""

    damage: recipes.Recipe
    """Makes the network's input from a clean patch."""
    losses: tuple[str, ...] = losses.NAMES
    extras: frozenset[str] = frozenset({"pool"})

    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return the damaged patch, and the clean one."""
        tone = rng.random()
        if tone < GREY_PART + SEPIA_PART:
            image = grey(image) if tone < GREY_PART else sepia(image)
        return self.damage(image, rng), image

    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the weighted sum of the losses in the settings, but for the adversarial one."""
        total = losses.combine(settings.losses, output, goal)
        weight = dict(settings.losses).get("perceptual")
        if weight and settings.vgg16:
            features = perceptual.load(settings.vgg16, output.device)
            total = total + weight * features.distance(*losses.crops(output, goal))
        return total

    def validate(self, network: nn.Module, data: Patches, settings: Settings) -> str:
        """Return the mean PSNR of the luminance and, with VGG16's weights, the mean perceptual distance."""
        figures = f"psnr {validation.psnr(network, data, VALIDATION_PATCHES):.2f} dB"
        if not settings.vgg16:
            return figures
        features = perceptual.load(settings.vgg16, next(network.parameters()).device)
        return f"{figures}, distance {validation.distance(network, data, VALIDATION_PATCHES, features):.4f}"


def upscale(scale: int) -> Restoration:
    """Return the task of enlarging by `scale` pictures of small and old cameras; with 1, of restoring their detail."""
    if scale == 1:
        return _restorer("upscale x1", recipes.worn)
    return Restoration(
        name=f"upscale x{scale}",
        damage=partial(recipes.reduced, scale=scale),
        build=partial(_upscaler, scale=scale),
        features=48,
        multiple=math.lcm(scale, PERIOD),
        extras=frozenset({"pool", "teacher"}),
    )


def _upscaler(features: int, scale: int) -> nn.Module:
    return SRVGG(num_feat=features, num_conv=DEPTH, scale=scale)


def _restorer(name: str, damage: recipes.Recipe, *, blocks: tuple[int, ...] = BLOCKS, pictures: int = 1) -> Restoration:
    build = partial(unet, blocks=blocks, pictures=pictures)
    return Restoration(name=name, damage=damage, build=build, features=32, multiple=FOLD * 2 ** (len(blocks) - 1))


def unet(features: int, *, blocks: tuple[int, ...] = BLOCKS, pictures: int = 1) -> nn.Module:
    """Return an untrained restorer with this many features at its finest level."""
    widths = [features * 2**level for level in range(len(blocks))]
    return UNet(widths=widths, blocks=blocks, fold=FOLD, pictures=pictures)


DEBLUR = _restorer("deblur", blurs.guessed, pictures=2)
DENOISE = _restorer("denoise", recipes.noisy, blocks=(2, 2, 4))
