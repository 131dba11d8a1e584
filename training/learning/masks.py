"""Losses and F1 of damage masks.

References
----------
.. [1] F. Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
   3DV 2016: the Dice coefficient as a loss for rare classes.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch.nn.functional as F
from torch import Tensor

from pipeline.arrays import Mask

NAMES = ("bce", "dice")
"""``bce`` is the cross-entropy, each pixel weighted by its cost; ``dice`` compares marked and true damage, however
small the damage is."""

TOLERANCE = 2
"""Distance in pixels up to which a mark counts as right."""

_SMOOTHING = 100.0
"""Pixels added to both sides of Dice's quotient, so that it exists for an undamaged patch."""


def combine(terms: Sequence[tuple[str, float]], logits: Tensor, goal: Tensor) -> Tensor:
    """Return the weighted sum of the named losses.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names out of `NAMES` and weights.
    logits : Tensor, shape (N, 1, H, W)
        The network's answer.
    goal : Tensor, shape (N, 2, H, W)
        The mask, 1 where there is damage, else 0; and the cost of a wrong answer at each pixel.

    Returns
    -------
    Tensor
        A scalar.
    """
    weights = dict.fromkeys(NAMES, 0.0) | dict(terms)
    mask, costs = goal.split(1, dim=1)
    plain = F.binary_cross_entropy_with_logits(logits, mask, weight=costs)
    return weights["bce"] * plain + weights["dice"] * dice_loss(logits.sigmoid(), mask, costs)


def dice_loss(found: Tensor, mask: Tensor, costs: Tensor) -> Tensor:
    """Return 1 minus the soft Dice coefficient of each picture, averaged [1]_.

    Parameters
    ----------
    found, mask : Tensor, shape (N, 1, H, W)
        Probability and truth, in [0, 1].
    costs : Tensor, shape (N, 1, H, W)
        Weight of each pixel.
    """
    both = (costs * found * mask).sum((1, 2, 3))
    either = (costs * (found + mask)).sum((1, 2, 3))
    return (1 - (2 * both + _SMOOTHING) / (either + _SMOOTHING)).mean()


def hits(found: Mask, mask: Mask, tolerance: int = TOLERANCE) -> tuple[int, int, int, int]:
    """Return the counts that F1 needs: correct marks, all marks, found damage, all damage.

    Parameters
    ----------
    found, mask : ndarray of bool, shape (H, W)
        Marked pixels, and true damage.
    tolerance : int
        Distance in pixels up to which a mark counts as right, in any direction.
    """
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tolerance + 1, 2 * tolerance + 1))
    near_damage, near_mark = (cv2.dilate(x.astype(np.uint8), disk).astype(bool) for x in (mask, found))
    return int((found & near_damage).sum()), int(found.sum()), int((mask & near_mark).sum()), int(mask.sum())


def f1(right: int, marked: int, seen: int, damaged: int) -> float:
    """Return the harmonic mean of precision and recall, from counts as `hits` gives them; 1 where all are 0."""
    precision, recall = right / marked if marked else 1.0, seen / damaged if damaged else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
