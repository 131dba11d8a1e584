"""What can be trained: how a clean patch is damaged, and which network repairs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from models.networks.srvgg import SRVGG
from training import degrade


@dataclass(frozen=True)
class Task:
    """One kind of restoration that a network can learn."""

    name: str
    """As the command line spells it."""
    damage: degrade.Recipe
    """Makes the network's input from a clean patch."""
    network: Callable[[], nn.Module]
    """Makes the network, with weights of chance."""
    scale: int = 1
    """How many times larger the output is than the input."""


def upscale(scale: int, features: int = 32, depth: int = 12) -> Task:
    """Enlarge by `scale`, repairing what small and old cameras do, with an SRVGG."""
    return Task(
        name=f"upscale x{scale}",
        damage=partial(degrade.reduced, scale=scale),
        network=partial(SRVGG, num_feat=features, num_conv=depth, scale=scale),
        scale=scale,
    )
