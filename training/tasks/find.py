"""Training of the face finder on mosaics of labelled pictures.

References
----------
.. [1] T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
.. [2] Z. Tian et al., "FCOS: Fully Convolutional One-Stage Object Detection", ICCV 2019: cells near the middle of a
   box, on the map of its size.
.. [3] H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.face_finder import STRIDES, FaceFinder
from training import loop
from training.learning.mosaics import Mosaics, read
from training.learning.precision import has_bfloat16
from training.loop import ENDLESS, Batch, Terms
from training.settings import Schedule
from training.tasks import normed

SIZES = ((0.0, 36.0), (28.0, 84.0), (64.0, 1e9))
"""Sides of the faces that each map finds, in pixels; those of two maps overlap."""
NEAR = 0.8
"""Distance of a cell from the middle of a face, in cells, up to which it must find the face."""
SIDE = 256
"""Side of a mosaic in pixels."""
BARE = ("heads",)
"""Layers without norms."""
WEIGHTS = {"score": 1.0, "box": 2.0, "points": 4.0}
BLUNT = 0.1
"""Distance of a point, in sides of the face, from which on it counts in proportion."""
FOCUS, BALANCE = 2.0, 0.4
"""Exponent of the focal loss, and weight of faces against the rest."""


def train(pictures: Sequence[Path], labels: Sequence[Path], schedule: Schedule) -> Path:
    """Train a finder and return its last checkpoint.

    Parameters
    ----------
    pictures, labels : sequence of Path
        As `training.learning.mosaics.read` takes them.
    schedule : Schedule
        How long and how fast.
    """
    torch.manual_seed(schedule.seed)
    mosaics = Mosaics(read(pictures, labels), SIDE, ENDLESS, seed=schedule.seed)
    print(f"find: {len(mosaics.with_faces)} pictures with faces, {len(mosaics.without)} without", flush=True)
    run = normed.begin(FaceFinder(), BARE, schedule)
    return loop.train(run, loop.loaded(mosaics, run, schedule), partial(loss, cast(FaceFinder, run.network)), schedule)


def middles(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return x and y of the middles of all cells, shape (cells, 2), and the stride of each, shape (cells,)."""
    places, strides = [], []
    for stride in STRIDES:
        line = (torch.arange(side // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(line, line, indexing="ij")
        places.append(torch.stack([x, y], -1).reshape(-1, 2))
        strides.append(torch.full((len(line) ** 2,), float(stride), device=device))
    return torch.cat(places), torch.cat(strides)


def assigned(rows: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Return which face each cell must find, and which cells count.

    Parameters
    ----------
    rows : Tensor, shape (N, MOST, 15)
        As `training.learning.mosaics.Mosaics` returns them.
    side : int
        Side of the mosaics.

    Returns
    -------
    index : Tensor of int64, shape (N, cells)
        Number of the face, or -1.
    counts : Tensor of bool, shape (N, cells)
        False where a face is unsure.
    """
    places, strides = middles(side, rows.device)
    near, size = rows[:, None, :, :2], rows[:, None, :, 2:4]
    offset = (places[None, :, None] - near - size / 2).abs()
    sure, unsure = (rows[:, None, :, 14] == kind for kind in (1, 0))
    extent = size.prod(-1).clamp(min=0).sqrt()
    limits = torch.tensor(SIZES, device=rows.device)[(strides.log2() - 3).long()]
    fits = (extent >= limits[None, :, :1]) & (extent < limits[None, :, 1:])
    close = (offset <= NEAR * strides[None, :, None, None]).all(-1)
    inside = (offset <= size / 2).all(-1)
    found = sure & fits & close
    distance = torch.where(found, offset.square().sum(-1), torch.inf)
    index = distance.argmin(2).masked_fill(~found.any(2), -1)
    blurred = sure & ~fits & close & inside  # a map of another size may find it as well
    counts = found.any(2) | ~((unsure & inside) | blurred).any(2)
    return index, counts


def loss(network: FaceFinder, given: Batch) -> Terms:
    """Return how far a finder is from the labels, by name.

    Parameters
    ----------
    network : FaceFinder
        With or without norms.
    given : sequence of Tensor
        Mosaics as bytes, and their rows.
    """
    canvas, rows = given
    x = (canvas.float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=has_bfloat16(x.device)):
        answer = network.logits(x).float()
    places, _ = middles(canvas.shape[-1], canvas.device)
    index, counts = assigned(rows, canvas.shape[-1])
    found = index >= 0
    number = found.sum().clamp(min=1)
    wanted = torch.gather(rows, 1, index.clamp(min=0)[..., None].expand(-1, -1, 15))[found]
    own, cells = answer[found], places.expand(len(rows), -1, -1)[found]
    boxes = torch.cat([cells - own[:, 1:3], cells + own[:, 3:5]], 1)
    truth = torch.cat([wanted[:, :2], wanted[:, :2] + wanted[:, 2:4]], 1)
    points = (own[:, 5:] + cells.repeat(1, 5) - wanted[:, 4:14]) / wanted[:, 2:4].mean(1, keepdim=True)
    far = functional.smooth_l1_loss(points, torch.zeros_like(points), beta=BLUNT, reduction="none").mean(1)
    errors = {
        "score": focal(answer[..., 0], found.float())[counts],
        "box": 1 - overlap(boxes, truth),
        "points": far,
    }
    return {name: WEIGHTS[name] * error.sum() / number for name, error in errors.items()}


def focal(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the focal loss of each cell."""
    error = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    probability = logits.sigmoid()
    miss = torch.where(truth > 0, 1 - probability, probability)
    return torch.where(truth > 0, BALANCE, 1 - BALANCE) * miss**FOCUS * error


def overlap(boxes: Tensor, truth: Tensor) -> Tensor:
    """Return the generalised intersection over union of boxes (left, top, right, bottom), in [-1, 1]."""

    def area(box: Tensor) -> Tensor:
        return (box[:, 2:] - box[:, :2]).clamp(min=0).prod(1)

    common = area(torch.cat([torch.maximum(boxes[:, :2], truth[:, :2]), torch.minimum(boxes[:, 2:], truth[:, 2:])], 1))
    around = area(torch.cat([torch.minimum(boxes[:, :2], truth[:, :2]), torch.maximum(boxes[:, 2:], truth[:, 2:])], 1))
    union = area(boxes) + area(truth) - common
    return common / union.clamp(min=1e-6) - (around - union) / around.clamp(min=1e-6)
