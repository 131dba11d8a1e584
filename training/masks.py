"""Pictures of damage and the masks that belong to them: data, losses and the measure for a detector.

References
----------
.. [1] F. Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
   3DV 2016: the Dice coefficient as a loss, which rare classes do not drown in.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.data import Photograph, random_patch, to_tensor
from training.degrade import Image

NAMES = ("bce", "dice")
"""``bce`` counts every pixel alike; ``dice`` sets what is found against what there is, however little that is."""

TOLERANCE = 2
"""Pixels by which a mark may miss."""

_STEADY = 100.0
"""Pixels that are added to both sides of Dice's quotient, so that an undamaged patch has one."""

Damage = Callable[[Image, np.random.Generator], tuple[Image, NDArray[np.bool_], Image]]
"""Damages a picture, RGB in [0, 1], and tells where, and what a wrong vote costs at each pixel, shape (H, W)."""


class MaskPatches(Dataset[tuple[Tensor, Tensor]]):
    """Random patches, each turned and damaged, where they are damaged, and what is at stake.

    Parameters
    ----------
    photographs : list of Photograph
        What to cut from; no side below `patch`.
    patch : int
        Side of the patch in pixels.
    damage : callable
        Makes the damaged patch, its mask and its stakes.
    count : int
        How many there are.
    seed : int
        Patch `i` depends on the seed and on `i` alone.
    """

    def __init__(self, photographs: list[Photograph], patch: int, damage: Damage, count: int, *, seed: int) -> None:
        self.photographs = photographs
        self.patch = patch
        self.damage = damage
        self.count = count
        self.seed = seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Patch number `index`: RGB in [0, 1], (3, patch, patch), and mask and stakes, (2, patch, patch)."""
        rng = np.random.default_rng((self.seed, index))
        damaged, mask, stakes = self.damage(random_patch(self.photographs, self.patch, rng), rng)
        return to_tensor(damaged), torch.from_numpy(np.stack([mask, stakes]).astype(np.float32))


def combine(terms: Sequence[tuple[str, float]], logits: Tensor, goal: Tensor) -> Tensor:
    """Sum the named losses, each times its weight.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names out of `NAMES` and weights.
    logits : Tensor, shape (N, 1, H, W)
        The network's votes.
    goal : Tensor, shape (N, 2, H, W)
        The mask, 1 where there is damage, else 0; and the stakes, how much a pixel counts.

    Returns
    -------
    Tensor
        A scalar.
    """
    weights = dict.fromkeys(NAMES, 0.0) | dict(terms)
    mask, stakes = goal.split(1, dim=1)
    plain = F.binary_cross_entropy_with_logits(logits, mask, weight=stakes)
    return weights["bce"] * plain + weights["dice"] * undice(logits.sigmoid(), mask, stakes)


def undice(found: Tensor, mask: Tensor, stakes: Tensor) -> Tensor:
    """Return one less the soft Dice coefficient of each picture, averaged [1]_.

    Parameters
    ----------
    found, mask : Tensor, shape (N, 1, H, W)
        Probability and truth, in [0, 1].
    stakes : Tensor, shape (N, 1, H, W)
        How much a pixel counts.
    """
    both = (stakes * found * mask).sum((1, 2, 3))
    either = (stakes * (found + mask)).sum((1, 2, 3))
    return (1 - (2 * both + _STEADY) / (either + _STEADY)).mean()


def hits(found: NDArray[np.bool_], mask: NDArray[np.bool_], tolerance: int = TOLERANCE) -> tuple[int, int, int, int]:
    """Count what F1 needs: marks that are right, marks, damage that is found, damage.

    Parameters
    ----------
    found, mask : ndarray of bool, shape (H, W)
        What was marked, and what should be.
    tolerance : int
        Pixels by which a mark may miss, in any direction.
    """
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tolerance + 1, 2 * tolerance + 1))
    near_damage, near_mark = (cv2.dilate(x.astype(np.uint8), disk).astype(bool) for x in (mask, found))
    return int((found & near_damage).sum()), int(found.sum()), int((mask & near_mark).sum()), int(mask.sum())


def f1(right: int, marked: int, seen: int, damaged: int) -> float:
    """Return the harmonic mean of precision and recall, from counts as `hits` gives them; 1 where all are 0."""
    precision, recall = right / marked if marked else 1.0, seen / damaged if damaged else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
