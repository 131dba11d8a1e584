"""Training of the face embedding: it learns to answer as a larger one does, for clean and for damaged faces alike.

References
----------
.. [1] G. Hinton et al., "Distilling the Knowledge in a Neural Network", 2015.
.. [2] W. Park et al., "Relational Knowledge Distillation", CVPR 2019: what pairs have in common is learnt too.
.. [3] A. Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015: maps in the middle are learnt too.
"""

import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pictures
from torch import Tensor, nn

from models.networks.face_embedding import FaceEmbedding
from pipeline.arrays import Image8
from training import loop
from training.damage.portraits_on_card import damage
from training.learning import embedding
from training.learning.embedding import Embedding
from training.learning.precision import has_bfloat16
from training.learning.templates import placed
from training.loop import Batch, Terms
from training.settings import Schedule
from training.tasks import normed

KEPT_SIDE = 192
"""Side at which faces are kept, in pixels."""
HELD_OUT = 12
"""One of so many faces is not trained on."""
BARE = ("vector",)
"""Layers without norms."""
WEIGHTS = {"cosine": 4.0, "pairs": 20.0, "maps": 0.5}
"""Weights of the terms of the loss."""


def train(data: Path, teacher: Path, schedule: Schedule) -> Path:
    """Train an embedding and return its last checkpoint.

    Parameters
    ----------
    data : Path
        Tar file of square pictures of faces, aligned by FFHQ's template with GFPGAN's margin.
    teacher : Path
        MobileFaceNet's ONNX file.
    schedule : Schedule
        How long and how fast; no processes are used.
    """
    torch.manual_seed(schedule.seed)
    device = loop.device(schedule)
    faces, unseen = (read(data, held_out=held_out).to(device) for held_out in (False, True))
    print(f"identify: {len(faces)} faces to train on, {len(unseen)} to validate on, {device}", flush=True)
    known = embedding.load(teacher, device)
    run = normed.begin(FaceEmbedding(), BARE, schedule)
    return loop.train(
        run,
        _batches(faces, known, run.step, schedule),
        partial(loss, cast(FaceEmbedding, run.network)),
        schedule,
        lambda: agreement(run.average, known, unseen),
    )


def _batches(faces: Tensor, teacher: Embedding, start: int, schedule: Schedule) -> Iterator[Batch]:
    """Yield damaged faces, and the teacher's vectors and maps; each batch depends on the seed and its number alone."""
    for number in count(start):
        torch.manual_seed((schedule.seed << 32) + number)
        index = torch.randint(len(faces), (2, schedule.batch), device=faces.device)
        x = damage(placed(faces[index[0]], faces[index[1]]))
        with torch.no_grad(), _autocast(x):
            vectors, maps = teacher(x)
        yield x, vectors.float(), *maps


def _autocast(x: Tensor) -> torch.autocast:
    return torch.autocast(x.device.type, torch.bfloat16, enabled=has_bfloat16(x.device))


@torch.inference_mode()
def agreement(network: nn.Module, teacher: Embedding, faces: Tensor) -> str:
    """Return the mean cosine of an embedding and its teacher over undamaged faces, as text."""
    x = placed(faces, faces)
    return f"cosine {float((network(x) * teacher(x)[0]).sum(1).mean()):.3f}"


def loss(network: FaceEmbedding, given: Batch) -> Terms:
    """Return how far an embedding is from its teacher, by name.

    Parameters
    ----------
    network : FaceEmbedding
        With or without norms.
    given : sequence of Tensor
        Faces, and the teacher's vectors and maps.
    """
    x, vectors, *maps = given
    with _autocast(x):
        own, own_maps = network.features(x.contiguous(memory_format=torch.channels_last))
    errors = [F.mse_loss(a.float(), b.float()) / b.float().var() for a, b in zip(own_maps, maps, strict=True)]
    return {
        "cosine": WEIGHTS["cosine"] * (1 - (own * vectors).sum(1)).mean(),
        "pairs": WEIGHTS["pairs"] * F.mse_loss(own @ own.T, vectors @ vectors.T),
        "maps": WEIGHTS["maps"] * torch.stack(errors).mean(),
    }


def read(data: Path, *, held_out: bool = False) -> Tensor:
    """Return the faces of a tar file to train on, or those that are held out.

    Returns
    -------
    Tensor of uint8, shape (N, 3, KEPT_SIDE, KEPT_SIDE)
        RGB.
    """
    with tarfile.open(data) as archive:
        members = sorted((m for m in archive if m.isfile()), key=lambda member: member.name)
        chosen = [member for i, member in enumerate(members) if (i % HELD_OUT == 0) == held_out]
        files = [file.read() for member in chosen if (file := archive.extractfile(member))]
    with ThreadPoolExecutor(3) as pool:
        return torch.from_numpy(np.stack(list(pool.map(_decode, files)))).permute(0, 3, 1, 2).contiguous()


def _decode(data: bytes) -> Image8:
    with Pictures.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB").resize((KEPT_SIDE, KEPT_SIDE), Pictures.Resampling.LANCZOS))
