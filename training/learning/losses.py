"""Losses by name, and their weighted sum.

SSIM and HaarPSI are written here rather than taken from piq, which is slower. Forward and backward on 16 patches of 192
pixels, on one core of an Intel Xeon with AVX-512, piq 0.8.0, medians of 9 in turns: SSIM of three scales takes 51 ms
here and 1040 ms with `piq.ssim`; HaarPSI takes 95 ms here and 144 ms with `piq.haarpsi`. The tests compare both with
the metrics.

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

PIXELS = ("l1", "gradient", "ssim", "haar", "grid")
"""``l1`` is the mean absolute difference from the goal, ``gradient`` that of neighbouring pixels' differences, ``ssim``
and ``haar`` are 1 minus the two similarities, ``grid`` is the strength of patterns that repeat with the pixels of the
input."""
NAMES = (*PIXELS, "perceptual", "adversarial")
"""``perceptual`` is the loss of `training.learning.perceptual`, ``adversarial`` that of
`training.learning.discriminator`."""

PERIOD, REPEATS = 4, 6
"""Side of the squares of a grid in pixels, and side in squares of the neighbourhood over which errors are averaged."""
WINDOW = 8
"""Side of SSIM's square window in pixels; windows overlap by half, which is much cheaper than one at every pixel."""
SCALES = 3
"""SSIM compares the pictures, and the pictures reduced by 2 and 4 [2]_."""
STABILISERS = (0.01**2, 0.03**2)
"""Constants that keep SSIM's quotients of means and of variances finite [1]_."""

CROP, CARD_CROP = 96, 128
"""Side of the squares of `crops` on a CPU and on a CUDA card, in pixels."""
LUMA = (0.299, 0.587, 0.114)
TO_YIQ = (LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
HAAR_SIDES = (2, 4, 8)
"""Sides of the Haar wavelets: the finer two are compared, the coarsest weights the places [4]_."""
HAAR_STABILISER = 30 / 255**2
HAAR_SLOPE = 4.2
"""Both constants as fitted to the ratings of viewers [4]_."""


def combine(terms: Sequence[tuple[str, float]], output: Tensor, goal: Tensor) -> Tensor:
    """Return the weighted sum of the losses of `PIXELS`.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names and weights; names that are not in `PIXELS` are left to others.
    output, goal : Tensor, shape (N, 3, H, W)
        The network's answer, and the one that it should give.

    Returns
    -------
    Tensor
        A scalar.
    """
    weights = dict.fromkeys(PIXELS, 0.0) | dict(terms)
    error = output - goal
    total = weights["l1"] * error.abs().mean() + weights["gradient"] * _steepness(error)
    for name, loss in (("ssim", ssim_loss), ("haar", haar_loss), ("grid", grid_loss)):
        if weights[name]:
            total = total + weights[name] * loss(output, goal)
    return total


def grid_loss(output: Tensor, goal: Tensor) -> Tensor:
    """Return the strength of error patterns that repeat every `PERIOD` pixels.

    An upscaler computes the pixels of each square by separate kernels, whose differences can pass for texture.

    Parameters
    ----------
    output, goal : Tensor, shape (N, 3, H, W)
        RGB, about [0, 1]; H and W multiples of `PERIOD`, and at least `PERIOD` times `REPEATS`.

    Returns
    -------
    Tensor
        A scalar, 0 where the mean error over neighbouring squares is the same at all of their pixels.
    """
    places = functional.pixel_unshuffle(output - goal, PERIOD).unflatten(1, (3, PERIOD**2))
    places = places - places.mean(2, keepdim=True)
    return functional.avg_pool2d(places.flatten(1, 2), REPEATS, stride=REPEATS // 2).abs().mean()


def ssim_loss(output: Tensor, truth: Tensor) -> Tensor:
    """Return 1 minus the structural similarity of luminance, the mean of three scales [1]_ [2]_.

    Unlike a difference of pixels it does not prefer answers that are too smooth [3]_.

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
    """Return the mean SSIM of single-channel pictures."""
    maps = torch.cat([x, y, x * x, y * y, x * y], 1)
    mean_x, mean_y, square_x, square_y, product = functional.avg_pool2d(maps, WINDOW, stride=WINDOW // 2).unbind(1)
    means, both = mean_x * mean_y, mean_x**2 + mean_y**2
    brightness = (2 * means + STABILISERS[0]) / (both + STABILISERS[0])
    contrast = (2 * (product - means) + STABILISERS[1]) / (square_x + square_y - both + STABILISERS[1])
    return (brightness * contrast).mean()


def haar_loss(output: Tensor, truth: Tensor) -> Tensor:
    """Return 1 minus the Haar wavelet-based perceptual similarity index (HaarPSI) [4]_.

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
    """Return YIQ at half the size, and the wavelets' coefficients of Y, down and across, from fine to coarse."""
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
    """Return the similarity of magnitudes, in [0, 1]."""
    return (2 * (x * y).abs() + HAAR_STABILISER) / (x * x + y * y + HAAR_STABILISER)


def _steepness(image: Tensor) -> Tensor:
    """Return the mean absolute difference of neighbours, across and down."""
    across = image[..., :, 1:] - image[..., :, :-1]
    down = image[..., 1:, :] - image[..., :-1, :]
    return across.abs().mean() + down.abs().mean()


def crops(output: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same random square of both batches, for losses that take long; on a CPU of the first half only.

    Parameters
    ----------
    output, goal : Tensor, shape (N, 3, H, W)
        Two batches of pictures.

    Returns
    -------
    output, goal : Tensor, shape (N or ceil(N / 2), 3, min(H, side), min(W, side))
        The side is `CARD_CROP` on a CUDA card, else `CROP`.
    """
    side, count = (CARD_CROP, len(output)) if output.is_cuda else (CROP, (len(output) + 1) // 2)
    top, left = (int(torch.randint(max(0, length - side) + 1, ())) for length in output.shape[-2:])
    place = (slice(count), slice(None), slice(top, top + side), slice(left, left + side))
    return output[place], goal[place]
