"""Aligned faces, from FFHQ's template to ArcFace's, in batches.

A mixture of two is nobody's face, but a teacher has an answer to it: so the faces of a small set say more.

References
----------
.. [1] H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.methods.alignment import ARCFACE, FFHQ, align
from training.learning.embedding import SIDE

TURN, SHIFT, ZOOM = 0.2, 0.06, 0.15
"""Most that faces are turned (radians), shifted (of the side) and enlarged or reduced."""


@lru_cache(maxsize=1)
def to_ffhq() -> Tensor:
    """Return the similarity that takes ArcFace's template to FFHQ's, shape (2, 3), in sides from -1 to 1."""
    matrix = align(ARCFACE, FFHQ, 1)
    matrix[:, 2] = 2 * matrix[:, 2] + matrix[:, :2].sum(axis=1) - 1
    return torch.from_numpy(matrix).float()


def placed(faces: Tensor, others: Tensor) -> Tensor:
    """Return faces cut by ArcFace's template, shifted, turned and mirrored a little; some are mixed with others [1]_.

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
