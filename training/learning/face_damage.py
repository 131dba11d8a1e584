"""Place and damage aligned faces in batches, on the device that trains.

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

from pipeline.methods.alignment import ARCFACE, FFHQ, align

SIDE = 112
TURN, SHIFT, ZOOM = 0.2, 0.06, 0.15
"""Most that faces are turned (radians), shifted (of the side) and enlarged or reduced."""
GROUPS = 8
"""Parts of a batch that are reduced by one factor each."""
MOST_REDUCED = 7.0
RADIUS = 8
"""Radius of blur kernels, in pixels."""


@lru_cache(maxsize=1)
def to_ffhq() -> Tensor:
    """Return the similarity that takes ArcFace's template to FFHQ's, shape (2, 3), in sides from -1 to 1."""
    matrix = align(ARCFACE, FFHQ, 1)
    matrix[:, 2] = 2 * matrix[:, 2] + matrix[:, :2].sum(axis=1) - 1
    return torch.from_numpy(matrix).float()


def placed(faces: Tensor, others: Tensor) -> Tensor:
    """Return faces cut by ArcFace's template, shifted, turned and mirrored a little; some are mixed with others.

    A mixture is nobody's face, but the teacher has an answer to it: so the faces of a small set say more.

    Parameters
    ----------
    faces, others : Tensor of uint8, shape (N, 3, S, S)
        RGB, aligned by FFHQ's template.

    Returns
    -------
    Tensor, shape (N, 3, 112, 112)
        RGB in [0, 1].
    """
    x, y = (F.grid_sample(part.float() / 255, _grid(part), align_corners=False) for part in (faces, others))
    count = len(x)
    kind = torch.rand(count, 1, 1, 1, device=x.device)
    share = torch.rand(count, 1, 1, 1, device=x.device)
    angle = 2 * math.pi * torch.rand(count, 1, 1, device=x.device)
    line = torch.linspace(-1, 1, SIDE, device=x.device)
    side = angle.cos() * line[None, None, :] + angle.sin() * line[None, :, None]
    split = torch.sigmoid(12 * (side + 0.4 * torch.randn(count, 1, 1, device=x.device)))[:, None]
    return torch.lerp(x, y, torch.where(kind < 0.2, share, torch.where(kind < 0.5, split, torch.zeros_like(split))))


def _grid(faces: Tensor) -> Tensor:
    """Return where each pixel of a placed face lies in its picture."""
    count, device = len(faces), faces.device
    turn, zoom, x, y = (2 * torch.rand(4, count, device=device) - 1).mul(0.7).unbind()
    (cosine, _, right), (sine, _, down) = to_ffhq().tolist()
    size = torch.exp(ZOOM * zoom)
    a = size * (cosine * torch.cos(TURN * turn) - sine * torch.sin(TURN * turn))
    b = size * (sine * torch.cos(TURN * turn) + cosine * torch.sin(TURN * turn))
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    rows = [torch.stack([mirror * a, -b, right + SHIFT * x], 1), torch.stack([mirror * b, a, down + SHIFT * y], 1)]
    return F.affine_grid(torch.stack(rows, 1), [count, 3, SIDE, SIDE], align_corners=False)


def damage(x: Tensor) -> Tensor:
    """Return faces with tones, blur, reduction, noise and JPEG of random strength; some stay clean.

    Parameters
    ----------
    x : Tensor, shape (N, 3, 112, 112)
        RGB in [0, 1].
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
    grey = (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    x = torch.lerp(x, grey.expand_as(x), _chosen(x, 0.35) * (1 - 0.5 * _chosen(x, 0.2)))
    cast = 1 + 0.15 * _chosen(x, 0.4) * torch.randn(len(x), 3, 1, 1, device=x.device)
    x = x * cast * x.new_tensor([1.0, 0.9, 0.7]).view(1, 3, 1, 1) ** _chosen(x, 0.1)
    contrast, light = 1 + 0.5 * (_random(x) - 0.6), 0.3 * (_random(x) - 0.5)
    return ((x - 0.5) * contrast + 0.5 + light * _chosen(x, 0.6)).clamp(0, 1)


def _blurred(x: Tensor) -> Tensor:
    """Blur some faces by Gaussians."""
    sigma = 0.05 + 2.8 * _random(x).view(-1, 1) ** 1.5 * _chosen(x, 0.5).view(-1, 1)
    places = torch.arange(-RADIUS, RADIUS + 1, device=x.device)
    kernel = torch.exp(-places.square() / (2 * sigma.square()))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    flat = F.pad(x, [RADIUS] * 4, mode="replicate").reshape(1, -1, SIDE + 2 * RADIUS, SIDE + 2 * RADIUS)
    flat = F.conv2d(flat, kernel[:, None, None, :], groups=flat.shape[1])
    return F.conv2d(flat, kernel[:, None, :, None], groups=flat.shape[1]).reshape(x.shape)


def _reduced(x: Tensor) -> Tensor:
    """Reduce some faces and enlarge them again."""
    parts = []
    for part in x.chunk(GROUPS):
        factor = float(torch.empty(1).uniform_(-0.8, 1)) * math.log(MOST_REDUCED)
        side = round(SIDE / math.exp(factor))
        if side < SIDE:
            small = F.interpolate(part, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
            part = F.interpolate(small, size=(SIDE, SIDE), mode="bicubic", align_corners=False)  # noqa: PLW2901
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
    mix = x.new_tensor([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
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
