"""A training loop for a given time: warm-up, cosine decay, an average of weights, and norms that are folded away."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.files import atomic
from training.checkpoints import begin_from, load_state
from training.learning.precision import has_bfloat16

WARM_UP = 0.03
"""Part of the time in which the learning rate rises."""
DECAY = 1e-2
AVERAGE = 0.998
"""Decay of the average of weights at each step."""
REPORT_SECONDS = 15
SAVE_SECONDS = 60

Network = TypeVar("Network", bound=nn.Module)
Given = tuple[Tensor, ...]
"""What a loss takes beside the network."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how fast to train."""

    minutes: float
    """From the first step on."""
    batch: int
    """Pictures in one step."""
    rate: float = 3e-3
    """Highest learning rate of AdamW."""
    workers: int = 3
    """Processes that make pictures, where the card does not make them."""
    seed: int = 0
    """Seed of weights, pictures and damage."""
    start: Path | None = None
    """File with the weights to start from."""


def device() -> torch.device:
    """Return the CUDA card if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepared(network: Network, bare: tuple[str, ...], plan: Plan) -> Network:
    """Return a network on the device, with norms or, where the plan has some, with weights to start from.

    Weights to start from have no norms any more, and need none.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no such file, or it cannot be read.
    CheckpointMismatch
        If it holds another network.
    """
    if plan.start:
        begin_from(network, load_state(plan.start))
    else:
        network = with_norms(network, bare)
    return network.to(device()).to(memory_format=torch.channels_last)


def with_norms(network: Network, bare: tuple[str, ...]) -> Network:
    """Return a copy of a network with a batch norm after each convolution, but for those whose names begin so."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d) and not name.startswith(bare):
            _replace(network, name, nn.Sequential(module, nn.BatchNorm2d(module.out_channels)))
    return network


def folded(network: Network) -> Network:
    """Return the network before `with_norms`, computing in eval mode what the one with norms computes."""
    network = copy.deepcopy(network).eval()
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Sequential) and [type(part) for part in module] == [nn.Conv2d, nn.BatchNorm2d]:
            _replace(network, name, fuse_conv_bn_eval(cast(nn.Conv2d, module[0]), cast(nn.BatchNorm2d, module[1])))
    return network


def _replace(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)


def train(
    network: nn.Module,
    batches: Iterator[Given],
    loss: Callable[[Any, Given], dict[str, Tensor]],
    out: Path,
    plan: Plan,
) -> None:
    """Train for some minutes; write the average of weights once a minute and at the end.

    Parameters
    ----------
    network : nn.Module
        With norms, on its device.
    batches : iterator
        Yields what `loss` takes.
    loss : callable
        Returns the terms of the loss, which are added, by name.
    out : Path
        The safetensors file, in float16, of the network without norms.
    plan : Plan
        How long and how fast.
    """
    torch.backends.cudnn.benchmark = True
    where = next(network.parameters()).device
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=DECAY)
    begin = reported = saved = time.monotonic()
    step = 0
    while (part := (time.monotonic() - begin) / (60 * plan.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1, part / WARM_UP + 1e-3) * (1 + math.cos(math.pi * part)) / 2
        given = next(batches)
        with torch.autocast(where.type, torch.bfloat16, enabled=has_bfloat16(where)):
            terms = loss(network.train(), given)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        step += 1
        _blend(average, network, min(AVERAGE, step / (step + 10)))
        now = time.monotonic()
        if now - reported > REPORT_SECONDS:
            reported = now
            figures = "  ".join(f"{name} {float(term.detach()):.4f}" for name, term in terms.items())
            print(f"{now - begin:.0f} s  step {step}  {figures}", flush=True)
        if now - saved > SAVE_SECONDS:
            saved = now
            save(average, out)
    save(average, out)
    print(f"wrote {out} after {step} steps", flush=True)


@torch.no_grad()
def _blend(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move an average of weights and statistics towards a network's."""
    kept = [tensor for tensor in average.state_dict().values() if tensor.is_floating_point()]
    new = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
    torch._foreach_lerp_(kept, new, 1 - decay)


def save(network: nn.Module, path: Path) -> None:
    """Write a network without its norms, in float16; an interrupted write leaves the previous file in place."""
    state = {key: tensor.half().cpu().contiguous() for key, tensor in folded(network).state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, safetensors.torch.save(state))
