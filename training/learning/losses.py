"""Losses by name, weighed and added: how far a network's answer is from the one that it should give.

References
----------
.. [1] Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", TIP 2004.
.. [2] Z. Wang, E. Simoncelli and A. Bovik, "Multiscale structural similarity for image quality assessment", 2003.
.. [3] H. Zhao et al., "Loss functions for image restoration with neural networks", TCI 2017: SSIM beside L1.
.. [4] R. Reisenhofer et al., "A Haar wavelet-based perceptual similarity index for image quality assessment", 2018.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

NAMES = ("l1", "gradient", "ssim", "haar", "distill", "adversarial")
"""``l1`` draws to the truth, ``distill`` to a teacher's answer, ``gradient`` to edges as steep as theirs, ``ssim`` to
texture of the truth's contrast, ``haar`` to edges, where the eye looks, of its height; ``adversarial`` (see
`training.learning.critic`) to what cannot be told from truth."""

LUMA = (0.299, 0.587, 0.114)
WINDOW = 8
"""Side of SSIM's square window in pixels; each lies half on the next, which is much cheaper than all there are."""
SCALES = 3
"""SSIM sees the pictures, and the pictures reduced by 2 and 4 [2]_."""
STEADY = (0.01**2, 0.03**2)
"""What keeps SSIM's quotients of means and of variances finite [1]_."""

TO_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
HAAR_SIDES = (2, 4, 8)
"""Sides of the Haar wavelets: the finer two are compared, the coarsest says where the eye looks [4]_."""
HAAR_STEADY = 30 / 255**2
HAAR_SLOPE = 4.2
"""Both constants as fitted to what people judged [4]_."""


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
    for name, unlike in (("ssim", dissimilarity), ("haar", haar_dissimilarity)):
        if weights[name]:
            total = total + weights[name] * unlike(output, truth)
    return total


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


def haar_dissimilarity(output: Tensor, truth: Tensor) -> Tensor:
    """One less the Haar wavelet-based perceptual similarity index [4]_.

    Parameters
    ----------
    output, truth : Tensor, shape (N, 3, H, W)
        RGB, about [0, 1]; H and W at least 16.

    Returns
    -------
    Tensor
        A scalar in [0, 1], 0 for equal pictures.
    """
    (x, x_edges), (y, y_edges) = (_haar(image) for image in (output, truth))
    pairs = _alike(x_edges[:, :4], y_edges[:, :4])  # finest down and across, the next down and across
    chroma = [functional.avg_pool2d(functional.pad(image[:, 1:], (-3, -3, -3, -3)), 2, stride=1) for image in (x, y)]
    alike = torch.cat([(pairs[:, :2] + pairs[:, 2:]) / 2, _alike(*chroma).mean(1, keepdim=True)], 1)
    coarse = torch.maximum(x_edges[:, 4:].abs(), y_edges[:, 4:].abs())
    weight = torch.cat([coarse, coarse.mean(1, keepdim=True)], 1)
    score = ((HAAR_SLOPE * alike).sigmoid() * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp_min(1e-6)
    return 1 - (score.clamp(0.5, 0.999999).logit() / HAAR_SLOPE).square().mean()


def _haar(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return YIQ at half the size, and its coefficients, down and across, of the wavelets from fine to coarse."""
    yiq = torch.einsum("nchw,dc->ndhw", functional.avg_pool2d(image, 2), image.new_tensor(TO_YIQ))
    widest = max(HAAR_SIDES)
    kernels = []
    for side in HAAR_SIDES:
        step = torch.full((side, side), 1 / side)
        step[: side // 2] *= -1
        around = (widest - side) // 2
        kernels += [functional.pad(kernel, (around,) * 4) for kernel in (step, step.T)]
    return yiq, functional.conv2d(yiq[:, :1], torch.stack(kernels)[:, None].to(image))


def _alike(x: Tensor, y: Tensor) -> Tensor:
    """Return how like each other magnitudes are, in [0, 1]."""
    return (2 * (x * y).abs() + HAAR_STEADY) / (x * x + y * y + HAAR_STEADY)


def _steepness(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across and down."""
    across = image[..., :, 1:] - image[..., :, :-1]
    down = image[..., 1:, :] - image[..., :-1, :]
    return across.abs().mean() + down.abs().mean()
