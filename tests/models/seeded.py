"""Synthetic checkpoints: the official keys and shapes, with values that follow from the keys."""

import zlib
from pathlib import Path

import numpy as np
import torch

DATA = Path(__file__).parents[1] / "data"


def read_keys(name):
    """Keys and shapes of an official checkpoint, as its file stores them."""
    rows = (line.split("\t") for line in (DATA / "keys" / f"{name}.tsv").read_text().splitlines())
    return {key: () if shape == "scalar" else tuple(map(int, shape.split("x"))) for key, shape in rows}


def hollow(name):
    """A state dict of those keys and shapes that takes hardly any memory or disk space."""
    return {key: torch.zeros(()).expand(shape) for key, shape in read_keys(name).items()}


def seeded_tensor(key, shape):
    """The tensor that the parity vectors were computed with; the same on every machine."""
    random = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    kind = key.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return torch.tensor(0)
    if kind == "running_var":
        values = random.uniform(0.5, 1.5, shape)
    elif kind in ("running_mean", "bias"):
        values = (0.1 if kind == "running_mean" else 0.05) * random.standard_normal(shape)
    elif len(shape) == 1:
        values = random.uniform(0.8, 1.2, shape)
    else:
        values = random.standard_normal(shape) * np.sqrt(1.0 / np.prod(shape[1:]))
    return torch.from_numpy(values.astype(np.float32))
