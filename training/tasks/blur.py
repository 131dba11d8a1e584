"""Training of the blur estimator on spectra of photographs with known blur."""

import math
from collections.abc import Iterator
from itertools import count as numbers
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.networks.blur_estimator import SIDE, UNIT, BlurEstimator
from pipeline.methods.deconvolution import KINDS, Blur, spectrum
from training import loop
from training.damage.blurs import known_blur
from training.data import Photograph, hold_out, read_photographs
from training.loop import Batch, Terms
from training.settings import Schedule

SMALLEST, WIDEST = 256, 512
"""Range of the sides of the squares whose spectra are computed, in pixels; photographs are no smaller."""
BATCH = 64
RATE = 1.5e-3
DECAY = 1e-2
NOISE = 0.1
"""Standard deviation of the noise added to the spectra, against overfitting."""
WEIGHTS = {"radius": 10.0, "length": 3.0, "angle": 1.0}
"""Weights of the errors in the loss."""
HELD_OUT = 40
"""Photographs kept for validation, at most."""
VALIDATION_SPECTRA = 400


def train(data: Path, out: Path, *, spectra: int, epochs: int, seed: int = 0, resume: bool = False) -> Path:
    """Train a blur estimator and return its checkpoint.

    Parameters
    ----------
    data : Path
        Folder or tar file of sharp photographs.
    out : Path
        Folder for the checkpoint.
    spectra : int
        Number of spectra to make; about 60 a second.
    epochs : int
        How often each is used.
    seed : int
        Seed of weights, squares and blur.
    resume : bool
        Whether to resume from the last checkpoint.

    Returns
    -------
    Path
        The checkpoint, which `training.export` reads.

    Raises
    ------
    OptionError
        If fewer than two photographs are large enough.
    """
    torch.manual_seed(seed)
    photographs = read_photographs(data, side=SMALLEST)
    seen, unseen = hold_out(photographs, min(HELD_OUT, max(1, len(photographs) // 5)))
    print(f"blur: {len(seen)} photographs to train on, {len(unseen)} to validate on; making {spectra} spectra")
    x, y = measured(seen, spectra, seed)
    validation = measured(unseen, min(VALIDATION_SPECTRA, spectra), seed + 1)
    steps = max(1, epochs * len(x) // BATCH)
    schedule = Schedule(out=out, steps=steps, batch=BATCH, learning_rate=RATE, average=0, seed=seed, resume=resume)
    network = BlurEstimator()
    run = loop.begin(network, torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY), schedule)

    def error(batch: Batch) -> Terms:
        spectra, truth = batch
        return {"loss": loss(network(spectra), truth)}

    return loop.train(run, _batches(x, y, run.step, seed), error, schedule, lambda: report(network, *validation))


def _batches(x: Tensor, y: Tensor, start: int, seed: int) -> Iterator[Batch]:
    """Yield random spectra with noise, and their blur; each batch depends on the seed and its number alone."""
    for number in numbers(start):
        torch.manual_seed((seed << 32) + number)
        index = torch.randint(len(x), (BATCH,))
        yield x[index] + NOISE * torch.randn(BATCH, 1, SIDE, SIDE), y[index]


def measured(photographs: list[Photograph], count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return spectra of blurred squares, and the blur of each.

    Returns
    -------
    Tensor, shape (count, 1, SIDE, SIDE)
        Logarithmic power spectra.
    Tensor, shape (count, 5)
        Index of the kind, radius and length in pixels, cosine and sine of twice the angle; 0 where a kind has no
        such size.
    """
    x = torch.empty(count, 1, SIDE, SIDE)
    y = torch.zeros(count, 5)
    for i in range(count):
        rng = np.random.default_rng((seed, i))
        pixels = photographs[rng.integers(len(photographs))].pixels
        height, width = (min(side, int(rng.integers(SMALLEST, WIDEST + 1))) for side in pixels.shape[:2])
        top, left = (rng.integers(s - part + 1) for s, part in zip(pixels.shape[:2], (height, width), strict=True))
        image = np.divide(pixels[top : top + height, left : left + width], 255, dtype=np.float32)
        damaged, blur = known_blur(image, rng)
        x[i, 0] = torch.from_numpy(spectrum(damaged))
        y[i] = torch.tensor(_answer(blur))
    return x, y


def _answer(blur: Blur) -> list[float]:
    if blur.kind == "motion":
        return [KINDS.index("motion"), 0, blur.size, math.cos(2 * blur.angle), math.sin(2 * blur.angle)]
    return [KINDS.index(blur.kind), blur.size, 0, 0, 0]


def loss(answer: Tensor, truth: Tensor) -> Tensor:
    """Return the cross-entropy of the kind plus the errors of the sizes that the true kind has.

    Parameters
    ----------
    answer : Tensor, shape (N, 7)
        As `models.networks.blur_estimator.BlurEstimator` returns it.
    truth : Tensor, shape (N, 5)
        As `measured` returns it.

    Returns
    -------
    Tensor
        A scalar.
    """
    kind = truth[:, 0].long()
    disk, line = (kind == KINDS.index(name) for name in ("defocus", "motion"))
    angle = (answer[:, 5:] - truth[:, 3:]).square().sum(1)
    return (
        F.cross_entropy(answer[:, : len(KINDS)], kind)
        + WEIGHTS["radius"] * _mean((answer[:, 3] - truth[:, 1]).abs() / UNIT, disk)
        + WEIGHTS["length"] * _mean((answer[:, 4] - truth[:, 2]).abs() / UNIT, line)
        + WEIGHTS["angle"] * _mean(angle, line)
    )


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)


@torch.inference_mode()
def report(network: BlurEstimator, x: Tensor, y: Tensor) -> str:
    """Return the accuracy of the kind and the median errors of radius, length and angle, as text."""
    answer, kind = network(x), y[:, 0].long()
    right = (answer[:, : len(KINDS)].argmax(1) == kind).float().mean()
    disk, line = (kind == KINDS.index(name) for name in ("defocus", "motion"))
    radius = (answer[disk, 3] - y[disk, 1]).abs()
    length = (answer[line, 4] - y[line, 2]).abs()
    turn = torch.atan2(answer[line, 6], answer[line, 5]) / 2 - torch.atan2(y[line, 4], y[line, 3]) / 2
    turn = torch.rad2deg((turn + math.pi / 2) % math.pi - math.pi / 2).abs()
    errors = (f"{float(values.nanmedian()):.2f}" for values in (radius, length, turn))
    return "kinds {:.0%}  radius {} px  length {} px  angle {} degrees".format(float(right), *errors)
