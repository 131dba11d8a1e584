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
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pictures
from torch import Tensor

from models.networks.face_embedding import FaceEmbedding
from pipeline.arrays import Image8
from training.learning import embedding, timed
from training.learning.face_damage import damage, placed
from training.learning.timed import Given, Plan

KEPT_SIDE = 192
"""Side at which faces are kept, in pixels."""
HELD_OUT = 12
"""One of so many faces is not trained on."""
BARE = ("vector",)
"""Layers without norms."""
WEIGHTS = {"cosine": 4.0, "pairs": 20.0, "maps": 0.5}
"""Weights of the terms of the loss."""


def train(data: Path, teacher: Path, out: Path, plan: Plan) -> None:
    """Train an embedding and write its weights.

    Parameters
    ----------
    data : Path
        Tar file of square pictures of faces, aligned by FFHQ's template with GFPGAN's margin.
    teacher : Path
        MobileFaceNet's ONNX file.
    out : Path
        The safetensors file.
    plan : Plan
        How long and how fast; no processes are used.
    """
    torch.manual_seed(plan.seed)
    device = timed.device()
    faces = read(data).to(device)
    print(f"identify: {len(faces)} faces on {device}", flush=True)
    network = timed.prepared(FaceEmbedding(), BARE, plan)
    known = embedding.load(teacher, device)

    def batches() -> Iterator[Given]:
        while True:
            index = torch.randint(len(faces), (2, plan.batch), device=device)
            x = damage(placed(faces[index[0]], faces[index[1]]))
            with torch.no_grad():
                vectors, maps = known(x)
            yield x, vectors.float(), *maps

    timed.train(network, batches(), loss, out, plan)


def loss(network: FaceEmbedding, given: Given) -> dict[str, Tensor]:
    """Return how far an embedding is from its teacher, by name.

    Parameters
    ----------
    network : FaceEmbedding
        With or without norms.
    given : tuple of Tensor
        Faces, and the teacher's vectors and maps.
    """
    x, vectors, *maps = given
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
