"""Masks of damage: losses and the measure for a detector.

References
----------
.. [1] F. Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
   3DV 2016: the Dice coefficient as a loss, which rare classes do not drown in.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

NAMES = ("bce", "dice")
"""``bce`` counts every pixel by its stakes alone; ``dice`` sets what is found against what there is, however little
that is."""

TOLERANCE = 2
"""Pixels by which a mark may miss."""

_STEADY = 100.0
"""Pixels that are added to both sides of Dice's quotient, so that an undamaged patch has one."""


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
