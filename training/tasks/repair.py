"""The task of finding damage: how prints are damaged, and what the detector learns by."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.networks.damage_detector import FOLD, DamageClassifier
from pipeline.methods.measures import noise_sigma
from training.damage import degrade, scratches
from training.damage.decoys import decorated
from training.damage.degrade import Image
from training.data import Pairs, Photograph
from training.learning import masks
from training.settings import Settings
from training.tasks.task import Task

BLOCKS = (1, 2, 2, 2)
"""Residual blocks of the levels."""
WIDTHS = (1, 2, 4, 16 / 3)
"""Channels of the levels, as factors of the finest's."""
EXAM_PATCHES = 64
UNDAMAGED = 0.25
"""Part of the patches that a detector must leave alone."""

_REACH = 3.0
"""Sigma, in pixels, of the blur that stands for a fill."""
_USUAL_CHANGE, _USUAL_DETAIL = 0.19, 0.042
"""What damage changes on the average, and what such a blur changes elsewhere, in RGB."""
_LEAST_STAKE, _MOST = 0.3, 5.0
"""Part of a pixel's weight that it has in any case; and how many times the average one may count."""


def print_of(image: Image, rng: np.random.Generator) -> tuple[Image, NDArray[np.bool_], Image]:
    """Make the print that a detector looks at, aged, damaged, scanned and denoised by chance; and tell its damage.

    A wrong vote costs what it does to the repaired print [1]_: damage that stays, by how far it is from what was
    there; a whole place that is filled, by how far it is from its surroundings. So a scratch that cannot be seen
    counts for little, and a thin bright edge for much.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    damaged : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    mask : ndarray of bool, shape (H, W)
        Where damage can be seen.
    stakes : ndarray, shape (H, W)
        What a wrong vote costs; about 1 on the average, over damage as over the rest.

    References
    ----------
    .. [1] C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.
    """
    image = taken(decorated(image, rng), rng)
    is_late = rng.random() < 0.5  # it fades after it was scratched, or was scratched when it had faded
    if not is_late:
        image = faded(image, rng)
    whole, mask = image, np.zeros(image.shape[:2], bool)
    if rng.random() >= UNDAMAGED:
        image, mask = scratches.damaged(image, rng)
    stakes = _stakes(image, whole, mask)
    if is_late:
        image = faded(image, rng)
    return _scanned(image, rng).astype(np.float32), mask, stakes


def _stakes(image: Image, whole: Image, mask: NDArray[np.bool_]) -> Image:
    """Return what a wrong vote costs: for damage how much it changed, for the rest how much a fill would change."""
    changed = np.abs(image - whole).mean(axis=2) / _USUAL_CHANGE
    smoothed = np.abs(whole - degrade.soften(whole, _REACH)).mean(axis=2) / _USUAL_DETAIL
    return _LEAST_STAKE + (1 - _LEAST_STAKE) * np.minimum(np.where(mask, changed, smoothed), _MOST)


def taken(image: Image, rng: np.random.Generator) -> Image:
    """Take the photograph: in colour or not, sharp or not."""
    if rng.random() < 0.5:
        image = degrade.grey(image)
    return degrade.soften(image, rng.uniform(0.4, 1.5)) if rng.random() < 0.5 else image


def faded(image: Image, rng: np.random.Generator) -> Image:
    """Let a print fade and yellow, or not."""
    if rng.random() < 0.5:
        image = degrade.fade(image, rng.uniform(0, 0.25), rng.uniform(0.5, 0.95))
    if rng.random() < 0.3:
        image = np.clip(image * degrade.SEPIA ** np.float32(rng.uniform(0.3, 1.3)), 0, 1)
    return np.clip(image, 0, 1)


def _scanned(image: Image, rng: np.random.Generator) -> Image:
    """Add grain and JPEG, and mostly take the grain away again: the detector sees the denoised picture."""
    if rng.random() < 0.5:
        image = degrade.random_noise(image, rng, 0.004, 0.05)
    if rng.random() < 0.5:
        image = degrade.jpeg(image, int(rng.integers(60, 97)))
    sigma = noise_sigma(image.astype(np.float32))
    if sigma and rng.random() < 0.7:
        image = cv2.bilateralFilter(image.astype(np.float32), 9, 8 * min(sigma, 0.03), 3)
    return np.clip(image, 0, 1)


@dataclass(frozen=True)
class Repair(Task):
    """Say where a print is damaged."""

    def patches(
        self, photographs: list[Photograph], settings: Settings, count: int, seed: int
    ) -> Dataset[tuple[Tensor, Tensor]]:
        """Make `count` pairs of a print, and its mask and stakes."""
        return Pairs(photographs, settings.patch, _pair, count, seed=seed)

    def loss(
        self, network: nn.Module, output: Tensor, goal: Tensor, taught: Tensor | None, settings: Settings
    ) -> Tensor:
        """Return how far the votes are from the mask, by what is at stake."""
        return masks.combine(settings.losses, output, goal)

    @torch.inference_mode()
    def judge(self, network: nn.Module, data: Dataset[tuple[Tensor, Tensor]], settings: Settings) -> str:
        """Measure F1 over all patches together, and how much is marked where nothing is damaged."""
        device = next(network.parameters()).device
        counts, wrong = np.zeros(4, np.int64), []
        for damaged, mask in (data[i] for i in range(EXAM_PATCHES)):
            found = (network(damaged[None].to(device))[0, 0] > 0).cpu().numpy()
            counts += masks.hits(found, mask[0].numpy() > 0)
            if not mask[0].any():
                wrong.append(found.mean())
        falsely = f", {np.mean(wrong):.2%} marked where nothing is" if wrong else ""
        return f"F1 {masks.f1(*counts.tolist()):.3f}{falsely}"


def _classifier(features: int) -> nn.Module:
    return DamageClassifier(widths=[round(features * factor) for factor in WIDTHS], blocks=BLOCKS)


def _pair(image: Image, rng: np.random.Generator) -> tuple[Image, Image]:
    """Return a print, and its mask and stakes."""
    damaged, mask, stakes = print_of(image, rng)
    return damaged, np.dstack([mask, stakes]).astype(np.float32)


def _untold(image: Image, rng: np.random.Generator) -> Image:
    """Damage a print and keep its mask for oneself."""
    return print_of(image, rng)[0]


REPAIR = Repair(
    "repair",
    _untold,
    _classifier,
    features=24,
    multiple=FOLD * 2 ** (len(BLOCKS) - 1),
    losses=masks.NAMES,
    extras=frozenset(),
)
