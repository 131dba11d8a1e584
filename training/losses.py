"""Losses by name, weighed and added: how far a network's answer is from the one that it should give."""

from collections.abc import Sequence

import torch
from torch import Tensor

NAMES = ("l1", "gradient", "distill", "adversarial")
"""``l1`` draws to the truth, ``distill`` to a teacher's answer, ``gradient`` to edges as steep as theirs;
``adversarial`` (see `training.critic`) to what cannot be told from truth."""


def combine(terms: Sequence[tuple[str, float]], output: Tensor, truth: Tensor, taught: Tensor | None = None) -> Tensor:
    """Sum the named losses, each times its weight.

    ``l1`` and ``distill`` together are one absolute difference, from the mean of truth and
    teacher by their weights. Two differences would settle on one or the other, as medians do; the
    mean keeps the truth's tones and takes a share of the teacher's crispness.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names out of `NAMES` and weights; the adversarial one is left to the critic.
    output, truth : Tensor, shape (N, 3, H, W)
        The network's answer and the clean patch.
    taught : Tensor, shape (N, 3, H, W), optional
        A teacher's answer to the same input; needed for ``distill``.

    Returns
    -------
    Tensor
        A scalar.
    """
    weights = dict.fromkeys(NAMES, 0.0) | dict(terms)
    pixels = weights["l1"] + weights["distill"]
    goal = truth
    if taught is not None and pixels:
        goal = torch.lerp(truth, taught, weights["distill"] / pixels)
    error = output - goal
    return pixels * error.abs().mean() + weights["gradient"] * _steepness(error)


def _steepness(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across and down."""
    across = image[..., :, 1:] - image[..., :, :-1]
    down = image[..., 1:, :] - image[..., :-1, :]
    return across.abs().mean() + down.abs().mean()
