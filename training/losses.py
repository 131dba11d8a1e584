"""Losses by name, weighed and added: how far a network's answer is from the one that it should give.

References
----------
.. [1] Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", TIP 2004.
.. [2] Z. Wang, E. Simoncelli and A. Bovik, "Multiscale structural similarity for image quality assessment", 2003.
.. [3] H. Zhao et al., "Loss functions for image restoration with neural networks", TCI 2017: SSIM beside L1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

NAMES = ("l1", "gradient", "ssim", "distill", "adversarial")
"""``l1`` draws to the truth, ``distill`` to a teacher's answer, ``gradient`` to edges as steep as theirs, ``ssim`` to
texture of the truth's contrast; ``adversarial`` (see `training.critic`) to what cannot be told from truth."""

LUMA = (0.299, 0.587, 0.114)
WINDOW = 8
"""Side of SSIM's square window in pixels; each lies half on the next, which is much cheaper than all there are."""
SCALES = 3
"""SSIM sees the pictures, and the pictures reduced by 2 and 4 [2]_."""
STEADY = (0.01**2, 0.03**2)
"""What keeps SSIM's quotients of means and of variances finite [1]_."""


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
    total = pixels * error.abs().mean() + weights["gradient"] * _steepness(error)
    return total + weights["ssim"] * dissimilarity(output, truth) if weights["ssim"] else total


def dissimilarity(output: Tensor, truth: Tensor) -> Tensor:
    """One less the structural similarity of luminance, the mean of three scales [1]_ [2]_.

    Unlike a difference of pixels it is no smaller for an answer that is too smooth [3]_.

    Parameters
    ----------
    output, truth : Tensor, shape (N, 3, H, W)
        RGB, about [0, 1]; H and W at least 32.

    Returns
    -------
    Tensor
        A scalar, 0 for equal pictures, at most 2.
    """
    luma = output.new_tensor(LUMA).view(1, 3, 1, 1)
    x, y = ((image * luma).sum(1, keepdim=True) for image in (output, truth))
    total = output.new_zeros(())
    for scale in range(SCALES):
        if scale:
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
        total = total + 1 - _ssim(x, y)
    return total / SCALES


def _ssim(x: Tensor, y: Tensor) -> Tensor:
    """Mean SSIM of single-channel pictures."""
    maps = torch.cat([x, y, x * x, y * y, x * y], 1)
    mean_x, mean_y, square_x, square_y, product = functional.avg_pool2d(maps, WINDOW, stride=WINDOW // 2).unbind(1)
    means, both = mean_x * mean_y, mean_x**2 + mean_y**2
    brightness = (2 * means + STEADY[0]) / (both + STEADY[0])
    contrast = (2 * (product - means) + STEADY[1]) / (square_x + square_y - both + STEADY[1])
    return (brightness * contrast).mean()


def _steepness(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across and down."""
    across = image[..., :, 1:] - image[..., :, :-1]
    down = image[..., 1:, :] - image[..., :-1, :]
    return across.abs().mean() + down.abs().mean()
