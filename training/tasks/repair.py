"""The task of finding damage: how prints are damaged, and which losses the detector learns by."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from models.networks.damage_detector import FOLD, DamageClassifier
from pipeline.arrays import Image, Mask, Plane
from pipeline.methods.measures import noise_sigma
from training.damage import degrade, scratches, shapes
from training.damage.decoys import decorated
from training.data import Pair, Patches
from training.learning import masks
from training.settings import Settings
from training.tasks.task import Task

BLOCKS = (1, 2, 2, 2)
"""Residual blocks of the levels."""
WIDTHS = (1, 2, 4, 16 / 3)
"""Channels of the levels, as factors of the finest level's."""
VALIDATION_PATCHES = 64
UNDAMAGED = 0.25
"""Share of the patches without damage, which a detector must leave unmarked."""
REAL = 0.6
"""Share of the damaged patches with shapes of real damage, where there are any; `BOTH` of them are drawn on too."""
BOTH = 0.25

_REACH = 3.0
"""Sigma, in pixels, of the blur that stands for a fill."""
_USUAL_CHANGE, _USUAL_DETAIL = 0.19, 0.042
"""Mean change of RGB by damage, and by such a blur where there is no damage."""
_LEAST_COST, _MOST = 0.3, 5.0
"""Part of a pixel's cost that does not depend on the picture, and the cap on the part that does."""


def print_of(image: Image, rng: np.random.Generator, real: shapes.Shapes | None = None) -> tuple[Image, Mask, Plane]:
    """Return a print as a detector sees it, randomly aged, damaged, scanned and denoised; and its damage.

    A wrong answer costs what it does to the repaired print [1]_: damage that stays costs its difference from what was
    there; intact pixels that are filled cost their difference from their surroundings. So a barely visible scratch
    counts for little, and a thin bright edge for much.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.
    real : Shapes, optional
        Shapes of real damage; without them all damage is drawn.

    Returns
    -------
    damaged : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    mask : ndarray of bool, shape (H, W)
        Where damage is visible.
    costs : ndarray, shape (H, W)
        Cost of a wrong answer; about 1 on average, over damage and over the rest.

    References
    ----------
    .. [1] C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.
    """
    image = taken(decorated(image, rng), rng)
    is_late = rng.random() < 0.5  # half of the prints fade after they are scratched, half before
    if not is_late:
        image = faded(image, rng)
    whole, mask = image, np.zeros(image.shape[:2], bool)
    if rng.random() >= UNDAMAGED:
        image, mask = _damaged(image, rng, real)
    costs = _costs(image, whole, mask)
    if is_late:
        image = faded(image, rng)
    return _scanned(image, rng).astype(np.float32), mask, costs


def _damaged(image: Image, rng: np.random.Generator, real: shapes.Shapes | None) -> tuple[Image, Mask]:
    """Return a damaged print, and the mask of its damage: real shapes, or drawn ones, or both."""
    if real is None or rng.random() >= REAL:
        return scratches.damaged(image, rng)
    image, mask = shapes.damaged(image, real, rng)
    if rng.random() < BOTH:
        image, drawn = scratches.damaged(image, rng)
        mask |= drawn
    return image, mask


def _costs(image: Image, whole: Image, mask: Mask) -> Plane:
    """Return the cost of a wrong answer: how much damage changed the print, or how much a fill would change it."""
    changed = np.abs(image - whole).mean(axis=2) / _USUAL_CHANGE
    smoothed = np.abs(whole - degrade.soften(whole, _REACH)).mean(axis=2) / _USUAL_DETAIL
    return _LEAST_COST + (1 - _LEAST_COST) * np.minimum(np.where(mask, changed, smoothed), _MOST)


def taken(image: Image, rng: np.random.Generator) -> Image:
    """Return the photograph as it was taken: half are grey, half are softened."""
    if rng.random() < 0.5:
        image = degrade.grey(image)
    return degrade.soften(image, rng.uniform(0.4, 1.5)) if rng.random() < 0.5 else image


def faded(image: Image, rng: np.random.Generator) -> Image:
    """Return the print, faded or yellowed or both or neither."""
    if rng.random() < 0.5:
        image = degrade.fade(image, rng.uniform(0, 0.25), rng.uniform(0.5, 0.95))
    if rng.random() < 0.3:
        image = np.clip(image * degrade.SEPIA ** np.float32(rng.uniform(0.3, 1.3)), 0, 1)
    return np.clip(image, 0, 1)


def _scanned(image: Image, rng: np.random.Generator) -> Image:
    """Soften some prints, add grain and JPEG, then mostly remove the grain: the detector sees the denoised picture."""
    if rng.random() < 0.3:
        image = degrade.soften(image, rng.uniform(0.3, 1))
    if rng.random() < 0.5:
        image = degrade.random_noise(image, rng, 0.004, 0.05)
    if rng.random() < 0.5:
        image = degrade.jpeg(image, int(rng.integers(60, 97)))
    sigma = noise_sigma(image.astype(np.float32))
    if sigma and rng.random() < 0.7:
        image = cv2.bilateralFilter(image.astype(np.float32), 9, 8 * min(sigma, 0.03), 3)
    return np.clip(image, 0, 1)


@dataclass(frozen=True, kw_only=True)
class Repair(Task):
    """Learn where a print is damaged."""

    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return a print, and its mask and costs."""
        real = shapes.read(settings.shapes) if settings.shapes else None
        damaged, mask, costs = print_of(image, rng, real)
        return damaged, np.dstack([mask, costs]).astype(np.float32)

    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the difference of answer and mask, weighted by the costs."""
        return masks.combine(settings.losses, output, goal)

    @torch.inference_mode()
    def validate(self, network: nn.Module, data: Patches, settings: Settings) -> str:
        """Return F1 over all patches together, and the share of pixels marked in undamaged patches."""
        device = next(network.parameters()).device
        counts, wrong = np.zeros(4, np.int64), []
        for damaged, mask in (data[i] for i in range(VALIDATION_PATCHES)):
            found = (network(damaged[None].to(device))[0, 0] > 0).cpu().numpy()
            counts += masks.hits(found, mask[0].numpy() > 0)
            if not mask[0].any():
                wrong.append(found.mean())
        false_marks = f", {np.mean(wrong):.2%} marked in undamaged patches" if wrong else ""
        return f"F1 {masks.f1(*counts.tolist()):.3f}{false_marks}"


def _classifier(features: int) -> nn.Module:
    return DamageClassifier(widths=[round(features * factor) for factor in WIDTHS], blocks=BLOCKS)


REPAIR = Repair(
    name="repair",
    build=_classifier,
    features=24,
    multiple=FOLD * 2 ** (len(BLOCKS) - 1),
    losses=masks.NAMES,
    extras=frozenset({"shapes"}),
)
