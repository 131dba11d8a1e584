"""The task of filling what a detector has marked: holes in prints, and what may be seen through them."""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from pipeline.methods.detection import grow
from pipeline.methods.inpainting import given_to
from training.damage import degrade, scratches
from training.damage.degrade import Image
from training.damage.scratches import Mask, Rng
from training.data import Pairs, Photograph
from training.learning import losses
from training.settings import Settings
from training.tasks.repair import faded, taken
from training.tasks.task import BLOCKS, FOLD, Task, unet

EXAM_PATCHES = 48

_BLIND = 0.35
"""Part of the patches under whose mask nothing is shown: a person's own mask may mean what is not damage."""
_WIDE = 0.25
"""Part of the patches with opaque bands instead of damage of a print."""
_WIDEST = 45
_FALSE_LINES, _FALSE_EDGES, _MISSED = 0.25, 0.2, 0.3
"""How often lines are marked where nothing is, how often edges of the picture, and how often damage is not marked."""


def holed(image: Image, rng: Rng) -> tuple[Image, Image, Mask]:
    """Damage a print, and mark it about as well as a detector does.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    given : ndarray, shape (H, W, 9)
        What the network is given, as `pipeline.methods.inpainting.given_to` makes it.
    truth : ndarray, shape (H, W, 3)
        The print without damage, RGB in [0, 1].
    hole : ndarray of bool, shape (H, W)
        What is to be filled.
    """
    whole = taken(image, rng)
    if rng.random() < 0.5:
        whole = faded(whole, rng)
    damaged, mask = _banded(whole, rng) if rng.random() < _WIDE else scratches.damaged(whole, rng)
    if rng.random() < 0.5:
        damaged, whole = np.split(faded(np.concatenate([damaged, whole]), rng), 2)
    hole = _marked(grow(mask, int(rng.integers(3))), whole, rng)
    given = given_to(_scanned(damaged, rng).astype(np.float32), hole, through=rng.random() >= _BLIND)
    return given, whole.astype(np.float32), hole


def _banded(image: Image, rng: Rng) -> tuple[Image, Mask]:
    """Lay opaque bands of some width over a picture."""
    cover = np.zeros(image.shape[:2], np.uint8)
    for _ in range(rng.integers(1, 4)):
        first, last = (rng.uniform(-0.2, 1.2, (2, 2)) * cover.shape[::-1]).astype(int).tolist()
        cv2.line(cover, first, last, 1, int(rng.integers(3, _WIDEST)))
    mask = cover.astype(bool)
    return np.where(mask[..., None], rng.uniform(0, 1, 3), image), mask


def _marked(mask: Mask, whole: Image, rng: Rng) -> Mask:
    """Mark what is not damaged too, and miss some damage."""
    cover = np.zeros(mask.shape, np.uint8)
    if rng.random() < _FALSE_LINES:
        for kind in (scratches.scratches, scratches.hairs, scratches.dust):
            kind(cover, rng)
    if rng.random() < _FALSE_EDGES:
        detail = np.abs(whole - degrade.soften(whole, 2)).mean(axis=2)
        cover[(detail > np.percentile(detail, rng.uniform(90, 99))) & _somewhere(mask, rng)] = 255
    if rng.random() < _MISSED:
        mask = mask & ~_somewhere(mask, rng)
    return mask | grow(cover > 64, 1)


def _somewhere(mask: Mask, rng: Rng) -> Mask:
    """Return about a fifth of a picture, in patches."""
    return scratches.clouds(mask.shape, rng.uniform(10, 30), rng) > 0.8


def _scanned(image: Image, rng: Rng) -> Image:
    """Add what a denoiser leaves, or nothing."""
    if rng.random() < 0.3:
        image = degrade.sensor_noise(image, rng.uniform(0, 0.015), rng, shared=rng.uniform(0, 1))
    return degrade.jpeg(image, int(rng.integers(75, 98))) if rng.random() < 0.3 else image


@dataclass(frozen=True)
class Fill(Task):
    """Fill what is marked."""

    def patches(
        self, photographs: list[Photograph], settings: Settings, count: int, seed: int
    ) -> Dataset[tuple[Tensor, Tensor]]:
        """Make `count` pairs of a marked print, and the truth with the marks."""
        return Pairs(photographs, settings.patch, _pair, count, seed=seed)

    def loss(
        self, network: nn.Module, output: Tensor, goal: Tensor, taught: Tensor | None, settings: Settings
    ) -> Tensor:
        """Return how far the fillings are from the truth; the rest is not asked for."""
        truth, hole = goal.split((3, 1), dim=1)
        pasted = torch.where(hole > 0, output, truth)
        return losses.combine(settings.losses, pasted, truth) / hole.mean().clamp_min(0.01)

    @torch.inference_mode()
    def judge(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]], settings: Settings) -> str:
        """Measure the error in all holes together, and that of the first guess."""
        device = next(network.parameters()).device
        errors, pixels = np.zeros(2), 0.0
        for given, goal in (data[i] for i in range(EXAM_PATCHES)):
            truth, hole = goal.split((3, 1))
            answer = network(given[None].to(device))[0].cpu()
            errors += [float(((x - truth) ** 2 * hole).sum()) for x in (answer, given[6:])]
            pixels += 3 * float(hole.sum())
        filled, guess = -10 * np.log10(errors / pixels)
        return f"psnr in holes {filled:.2f} dB, of the guess {guess:.2f}"


def _pair(image: Image, rng: Rng) -> tuple[Image, Image]:
    """Return what the network is given, and the truth with the marks."""
    given, truth, hole = holed(image, rng)
    return given, np.dstack([truth, hole]).astype(np.float32)


def _untold(image: Image, rng: Rng) -> Image:
    """Damage and mark a print, and keep the truth for oneself."""
    return holed(image, rng)[0]


FILL = Fill(
    "fill", _untold, partial(unet, pictures=3), features=32, multiple=FOLD * 2 ** (len(BLOCKS) - 1), extras=frozenset()
)
