"""The training loop: any task, on a CPU or a CUDA card; an interrupted run resumes exactly."""

import contextlib
import copy
import math
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from models.errors import ModelError
from pipeline.errors import OptionError
from training.checkpoints import LAST, Run, begin_from, load_state
from training.data import Patches, Photograph, hold_out, quiet_worker, read_photographs
from training.learning import losses, pool, teacher
from training.learning.discriminator import Adversary
from training.learning.muon import Muon
from training.learning.precision import has_bfloat16
from training.settings import Settings
from training.tasks.task import EXTRAS, Task

WARM_UP = 100
"""Steps in which the learning rate rises, while Adam's estimates are still rough."""
VALIDATION_SEED = 1_000_003
ENDLESS = 2**40


def train(task: Task, settings: Settings) -> Path:
    """Train a network and return its last checkpoint; Ctrl-C stops the run and writes a checkpoint.

    Parameters
    ----------
    task : Task
        What to learn.
    settings : Settings
        On which photographs, by which losses, for how long.

    Returns
    -------
    Path
        The last checkpoint, which `training.export` reads.

    Raises
    ------
    OptionError
        If no photographs are found, or the settings contradict each other.
    CheckpointMismatch
        If the file to start from does not fit.
    ModelError
        If the loss is not a finite number.
    """
    _check(task, settings)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    seen, unseen = hold_out(_photographs(task, settings), settings.held_out, settings.origins)
    print(f"{task.name}: {len(seen)} photographs to train on, {len(unseen)} to validate on, {device}")
    patches = task.patches(seen, settings, ENDLESS, settings.seed)
    data = _dataset(settings, patches)
    validation = task.patches(unseen, settings, ENDLESS, VALIDATION_SEED)
    run = _begin(task, settings, patches, device)
    settings.out.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt):
        _steps(run, task, settings, data, validation)
    run.save(settings.out / LAST)
    return settings.out / LAST


def _check(task: Task, settings: Settings) -> None:
    if wrong := [name for name, _ in settings.losses if name not in task.losses]:
        msg = f"{task.name} supports the losses {', '.join(task.losses)}, not {', '.join(wrong)}. Change --losses."
        raise OptionError(msg)
    if unsupported := [name for name in EXTRAS if getattr(settings, name) and name not in task.extras]:
        msg = f"{task.name} does not support --{unsupported[0]}; remove it."
        raise OptionError(msg)
    if settings.patch % task.multiple:
        msg = (
            f"{task.name} expects a patch that is a multiple of {task.multiple}, got {settings.patch}. Change --patch."
        )
        raise OptionError(msg)


def _photographs(task: Task, settings: Settings) -> list[Photograph]:
    fit = partial(task.fit, patch=settings.patch)
    return [
        photo
        for source in settings.data
        for photo in read_photographs(
            source, side=settings.patch, tiers=settings.tiers, manifest=settings.manifest, fit=fit
        )
    ]


def _dataset(settings: Settings, patches: Patches) -> Dataset[tuple[Tensor, Tensor]]:
    """Return the patches themselves, or a pool of them; a resumed run uses the pool that it has made."""
    if not settings.pool:
        return patches
    folder = settings.out / pool.FOLDER
    if not (settings.resume and pool.is_made(folder, settings.pool)):
        source = teacher.load(load_state(settings.teacher)) if settings.teacher else None
        pool.make(folder, patches, settings.pool, teacher=source, workers=settings.workers)
    return pool.Pool(folder, settings.seed)


def _begin(task: Task, settings: Settings, patches: Patches, device: torch.device) -> Run:
    """Start with random weights, a file's, or those of the last checkpoint."""
    torch.manual_seed(settings.seed)
    network = task.network()
    if not settings.resume:
        task.prepare(network, patches)
        if settings.start:
            begin_from(network, load_state(settings.start))
    task.freeze(network, settings)
    network = network.to(device)
    run = Run(
        network,
        copy.deepcopy(network).requires_grad_(False).eval(),
        Muon(network.parameters(), lr=settings.learning_rate),
        Adversary(device) if "adversarial" in dict(settings.losses) else None,
    )
    if settings.resume:
        run.load(settings.out / LAST)
        print(f"resumed at step {run.step}")
    return run


def _steps(
    run: Run,
    task: Task,
    settings: Settings,
    data: Dataset[tuple[Tensor, Tensor]],
    validation: Patches,
) -> None:
    """Take steps until the run is over; validate and write a checkpoint at intervals."""
    figures = "not validated yet"
    device = next(run.network.parameters()).device
    torch.backends.cudnn.benchmark = True
    if isinstance(data, pool.Pool) and device.type == "cuda":
        batches = data.on_card(settings.batch, device)
    else:
        batches = _batches(data, run.step * settings.batch, settings)
    tick = time.monotonic()
    while progress(run, settings) < 1:
        loss = _step(run, task, settings, [tensor.to(device, non_blocking=True) for tensor in next(batches)])
        now = time.monotonic()
        run.seconds += now - tick
        tick = now
        if run.step % settings.validate_every == 0 or progress(run, settings) >= 1:
            figures = task.validate(run.average, validation, settings)
            run.save(settings.out / LAST)
            tick = time.monotonic()
            _report(run, settings, loss, figures, end="\n")
        elif run.step % 10 == 0 and sys.stdout.isatty():
            _report(run, settings, loss, figures, end="\r")


def _batches(data: Dataset[tuple[Tensor, Tensor]], start: int, settings: Settings) -> Iterator[list[Tensor]]:
    """Return an iterator over batches from patch number `start` on, made by `settings.workers` processes."""
    loader = DataLoader(
        data,
        batch_size=settings.batch,
        sampler=range(start, ENDLESS),
        num_workers=settings.workers,
        pin_memory=torch.cuda.is_available(),  # copied to the card while it computes
        worker_init_fn=quiet_worker,
        generator=torch.Generator(),  # its own, so that a resumed run draws the same random numbers
    )
    return iter(loader)


def _step(run: Run, task: Task, settings: Settings, batch: list[Tensor]) -> float:
    damaged, goal = batch
    for group in run.optimizer.param_groups:
        group["lr"] = settings.learning_rate * rate(progress(run, settings), run.step)
    nhwc = damaged.contiguous(memory_format=torch.channels_last)  # up to 1.7 times as fast on a CPU
    with torch.autocast(damaged.device.type, torch.bfloat16, enabled=has_bfloat16(damaged.device)):
        output = run.network(nhwc)
    output = output.float()
    loss = task.loss(run.network, output, goal, settings)
    if run.adversary:
        output, goal = losses.crops(output, goal)
        loss = loss + dict(settings.losses)["adversarial"] * run.adversary.loss(output)
    if not torch.isfinite(loss):
        msg = (
            f"Expected a finite loss, got {float(loss.detach())} at step {run.step}. "
            "Resume from the last checkpoint with --resume and a lower --learning-rate."
        )
        raise ModelError(msg)
    run.optimizer.zero_grad()
    loss.backward()
    run.optimizer.step()
    if run.adversary:
        run.adversary.learn(output, goal)
    run.step += 1
    _follow(run, settings.average)
    return float(loss.detach())


@torch.no_grad()
def _follow(run: Run, keep: float) -> None:
    """Move the average of weights towards the network, faster in the first steps."""
    keep = min(keep, (1 + run.step) / (10 + run.step))
    torch._foreach_lerp_(list(run.average.parameters()), list(run.network.parameters()), 1 - keep)
    for kept, value in zip(run.average.buffers(), run.network.buffers(), strict=True):
        kept.copy_(value)  # statistics of norms are averages already


def progress(run: Run, settings: Settings) -> float:
    """Return the share of the run that is done, by steps or by minutes, whichever is larger; it ends at 1."""
    by_steps = run.step / settings.steps if settings.steps else 0
    by_minutes = run.seconds / (60 * settings.minutes) if settings.minutes else 0
    return max(by_steps, by_minutes)


def rate(done: float, step: int) -> float:
    """Return the factor of the learning rate: a short linear rise, then half a cosine from 1 to 1/100."""
    cosine = (1 + math.cos(math.pi * min(done, 1))) / 2
    return min(1, (step + 1) / WARM_UP) * (0.01 + 0.99 * cosine)


def _report(run: Run, settings: Settings, loss: float, figures: str, end: str) -> None:
    done = progress(run, settings)
    left = run.seconds * (1 - done) / max(done, 1e-9)
    pace = run.step * settings.batch / max(run.seconds, 1e-9)
    line = f"step {run.step}  loss {loss:.4f}  {figures}  {pace:.0f} patches/s  {left / 60:.1f} min left"
    print(line.ljust(78), end=end, flush=True)
