"""The training loop: any network and loss, on a CPU or a CUDA card; an interrupted run resumes exactly."""

import contextlib
import copy
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from models.errors import ModelError
from training.checkpoints import LAST, Run
from training.data import quiet_worker
from training.learning.discriminator import Adversary
from training.settings import Schedule

WARM_UP = 100
"""Steps in which the learning rate rises, while Adam's estimates are still rough."""
ENDLESS = 2**40

Batch = Sequence[Tensor]
"""What a loss takes, on the device of the network."""
Terms = dict[str, Tensor]
"""Terms of a loss by name; their sum is minimised."""


def device(schedule: Schedule) -> torch.device:
    """Return the CUDA card if there is one, else the CPU, after setting torch's threads."""
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def begin(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: Schedule,
    *,
    adversary: Adversary | None = None,
    has_norms: bool = False,
) -> Run:
    """Return a run at its beginning or, where it resumes, at its last checkpoint.

    Parameters
    ----------
    network : nn.Module
        On its device.
    optimizer : Optimizer
        Of its weights.
    schedule : Schedule
    adversary : Adversary, optional
    has_norms : bool
        As `training.checkpoints.Run`.

    Raises
    ------
    WeightsMissing, CheckpointMismatch
        If there is no checkpoint, or it is that of another network.
    """
    average = copy.deepcopy(network).requires_grad_(False).eval()
    run = Run(network, average, optimizer, adversary, has_norms=has_norms)
    if schedule.resume:
        run.load(schedule.out / LAST)
        print(f"resumed at step {run.step}")
    return run


def train(
    run: Run,
    batches: Iterator[Batch],
    loss: Callable[[Batch], Terms],
    schedule: Schedule,
    validate: Callable[[], str] = lambda: "",
) -> Path:
    """Train a network and return its last checkpoint; Ctrl-C stops the run and writes a checkpoint.

    Parameters
    ----------
    run : Run
        After `begin`.
    batches : iterator
        Without an end, from the run's step on.
    loss : callable
        Returns the terms of the loss of `run.network`.
    schedule : Schedule
        How long and how fast.
    validate : callable
        Returns figures of `run.average` as text.

    Raises
    ------
    ModelError
        If the loss is not a finite number.
    """
    schedule.out.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt):
        _steps(run, batches, loss, schedule, validate)
    run.save(schedule.out / LAST)
    return schedule.out / LAST


def _steps(
    run: Run,
    batches: Iterator[Batch],
    loss: Callable[[Batch], Terms],
    schedule: Schedule,
    validate: Callable[[], str],
) -> None:
    """Take steps until the run is over; validate and write a checkpoint at intervals."""
    figures = "not validated yet"
    torch.backends.cudnn.benchmark = True
    tick = time.monotonic()
    while progress(run, schedule) < 1:
        terms = _step(run, loss, schedule, next(batches))
        now = time.monotonic()
        run.seconds += now - tick
        tick = now
        if run.step % schedule.validate_every == 0 or progress(run, schedule) >= 1:
            figures = validate()
            run.save(schedule.out / LAST)
            tick = time.monotonic()
            _report(run, schedule, terms, figures, end="\n")
        elif run.step % 10 == 0 and sys.stdout.isatty():
            _report(run, schedule, terms, figures, end="\r")


def loaded(data: Dataset[Any], run: Run, schedule: Schedule) -> Iterator[Batch]:
    """Yield batches of a data set from the run's step on, made by `schedule.workers` processes, on its device."""
    where = next(run.network.parameters()).device
    loader = DataLoader(
        data,
        batch_size=schedule.batch,
        sampler=range(run.step * schedule.batch, ENDLESS),
        num_workers=schedule.workers,
        pin_memory=torch.cuda.is_available(),  # copied to the card while it computes
        worker_init_fn=quiet_worker,
        generator=torch.Generator(),  # its own, so that a resumed run draws the same random numbers
    )
    for batch in loader:
        yield [tensor.to(where, non_blocking=True) for tensor in batch]


def _step(run: Run, loss: Callable[[Batch], Terms], schedule: Schedule, batch: Batch) -> Terms:
    for group in run.optimizer.param_groups:
        group["lr"] = schedule.learning_rate * rate(progress(run, schedule), run.step)
    terms = loss(batch)
    total = torch.stack(list(terms.values())).sum()
    if not torch.isfinite(total):
        msg = (
            f"Expected a finite loss, got {float(total.detach())} at step {run.step}. "
            "Resume from the last checkpoint with --resume and a lower --learning-rate."
        )
        raise ModelError(msg)
    run.optimizer.zero_grad()
    total.backward()
    run.optimizer.step()
    if run.adversary:
        run.adversary.learn()
    run.step += 1
    _follow(run, schedule.average)
    return terms


@torch.no_grad()
def _follow(run: Run, keep: float) -> None:
    """Move the average of weights towards the network, faster in the first steps."""
    keep = min(keep, (1 + run.step) / (10 + run.step))
    torch._foreach_lerp_(list(run.average.parameters()), list(run.network.parameters()), 1 - keep)
    for kept, value in zip(run.average.buffers(), run.network.buffers(), strict=True):
        kept.copy_(value)  # statistics of norms are averages already


def progress(run: Run, schedule: Schedule) -> float:
    """Return the share of the run that is done, by steps or by minutes, whichever is larger; it ends at 1."""
    by_steps = run.step / schedule.steps if schedule.steps else 0
    by_minutes = run.seconds / (60 * schedule.minutes) if schedule.minutes else 0
    return max(by_steps, by_minutes)


def rate(done: float, step: int) -> float:
    """Return the factor of the learning rate: a short linear rise, then half a cosine from 1 to 1/100."""
    cosine = (1 + math.cos(math.pi * min(done, 1))) / 2
    return min(1, (step + 1) / WARM_UP) * (0.01 + 0.99 * cosine)


def _report(run: Run, schedule: Schedule, terms: Terms, figures: str, end: str) -> None:
    done = progress(run, schedule)
    left = run.seconds * (1 - done) / max(done, 1e-9)
    pace = run.step * schedule.batch / max(run.seconds, 1e-9)
    losses = "  ".join(f"{name} {float(term.detach()):.4f}" for name, term in terms.items())
    line = f"step {run.step}  {losses}  {figures}  {pace:.0f} pictures/s  {left / 60:.1f} min left"
    print(line.ljust(78), end=end, flush=True)
