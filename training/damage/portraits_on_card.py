"""Damage of faces for the embedding, a batch at a time on the device that trains.

`training.damage.portraits` damages one face in milliseconds, by OpenCV and real JPEG, for a restorer whose goal is
every pixel. The embedding learns from hundreds of faces a step, more than processes can damage while a card waits: here
the same kinds of damage, after the same model [1]_, are computed by torch, with the steps of JPEG approximated.

References
----------
.. [1] X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior" (GFPGAN), CVPR 2021:
   blur, reduction, noise and JPEG in this order.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from training.damage.degrade import LUMA, SEPIA

GROUPS = 8
"""Parts of a batch that are reduced by one factor each."""
MOST_REDUCED = 7.0
"""Largest factor by which they are reduced."""
BROWN = 1.5
"""Strength of the brown of some faces, in that of a sepia print."""
RADIUS = 8
"""Radius of blur kernels, in pixels."""


def damage(x: Tensor) -> Tensor:
    """Return faces with tones, blur, reduction, noise and JPEG of random strength; some stay clean.

    Parameters
    ----------
    x : Tensor, shape (N, 3, S, S)
        RGB in [0, 1]; S is a multiple of 8.
    """
    x = _reduced(_blurred(_toned(x)))
    strength = 0.18 * _random(x) ** 2 * _chosen(x, 0.5)
    x = x + strength * torch.randn_like(x)
    return torch.where(_chosen(x, 0.4) > 0, jpeg(x.clamp(0, 1)), x).clamp(0, 1)


def _random(x: Tensor) -> Tensor:
    return torch.rand(len(x), 1, 1, 1, device=x.device)


def _chosen(x: Tensor, part: float) -> Tensor:
    return (_random(x) < part).float()


def _toned(x: Tensor) -> Tensor:
    """Make some faces grey or brown, and change brightness, contrast and cast of all."""
    grey = (x * x.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    x = torch.lerp(x, grey.expand_as(x), _chosen(x, 0.35) * (1 - 0.5 * _chosen(x, 0.2)))
    cast = 1 + 0.15 * _chosen(x, 0.4) * torch.randn(len(x), 3, 1, 1, device=x.device)
    x = x * cast * x.new_tensor(SEPIA).view(1, 3, 1, 1) ** (BROWN * _chosen(x, 0.1))
    contrast, light = 1 + 0.5 * (_random(x) - 0.6), 0.3 * (_random(x) - 0.5)
    return ((x - 0.5) * contrast + 0.5 + light * _chosen(x, 0.6)).clamp(0, 1)


def _blurred(x: Tensor) -> Tensor:
    """Blur some faces by Gaussians."""
    sigma = 0.05 + 2.8 * _random(x).view(-1, 1) ** 1.5 * _chosen(x, 0.5).view(-1, 1)
    places = torch.arange(-RADIUS, RADIUS + 1, device=x.device)
    kernel = torch.exp(-places.square() / (2 * sigma.square()))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    padded = F.pad(x, [RADIUS] * 4, mode="replicate")
    flat = padded.reshape(1, -1, *padded.shape[2:])
    flat = F.conv2d(flat, kernel[:, None, None, :], groups=flat.shape[1])
    return F.conv2d(flat, kernel[:, None, :, None], groups=flat.shape[1]).reshape(x.shape)


def _reduced(x: Tensor) -> Tensor:
    """Reduce some faces and enlarge them again."""
    parts, whole = [], x.shape[-1]
    for part in x.chunk(GROUPS):
        factor = float(torch.empty(1).uniform_(-0.8, 1)) * math.log(MOST_REDUCED)
        side = round(whole / math.exp(factor))
        if side < whole:
            small = F.interpolate(part, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
            part = F.interpolate(small, size=(whole, whole), mode="bicubic", align_corners=False)  # noqa: PLW2901
        parts.append(part)
    return torch.cat(parts)


@lru_cache(maxsize=4)
def _cosines(device: torch.device) -> Tensor:
    """Return the 8 x 8 matrix of the discrete cosine transform."""
    n = torch.arange(8, dtype=torch.float64)
    matrix = torch.cos(math.pi / 8 * (n[None] + 0.5) * n[:, None]) / 2
    matrix[0] /= math.sqrt(2)
    return matrix.float().to(device)


def jpeg(x: Tensor) -> Tensor:
    """Return pictures rounded as JPEG rounds them, at random qualities; colours keep their resolution.

    The steps grow with frequency as those of the standard's table do on average.

    Parameters
    ----------
    x : Tensor, shape (N, 3, H, W)
        RGB in [0, 1]; sides are multiples of 8.
    """
    mix = x.new_tensor([LUMA.tolist(), [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    planes = torch.einsum("dc,nchw->ndhw", mix, 255 * x - 128)
    matrix = _cosines(x.device)
    frequency = torch.arange(8, device=x.device, dtype=x.dtype)
    slope = 10 + 6 * (frequency[:, None] + frequency[None])
    table = torch.stack([slope, 1.7 * slope, 1.7 * slope])[None, :, None, :, None, :]
    step = (0.3 + 3.5 * _random(x) ** 2)[..., None, None] * table
    blocks = planes.unflatten(3, (-1, 8)).unflatten(2, (-1, 8))
    spectra = torch.einsum("uv,ncavbw,xw->ncaubx", matrix, blocks, matrix)
    spectra = (spectra / step).round() * step
    planes = torch.einsum("uv,ncaubx,xw->ncavbw", matrix, spectra, matrix).flatten(4).flatten(2, 3)
    return (torch.einsum("dc,nchw->ndhw", torch.linalg.inv(mix), planes) + 128) / 255
