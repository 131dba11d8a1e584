"""Load the tensors of a file into a network, or name those that do not fit."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import torch
from torch import Tensor, nn

from models.errors import CheckpointMismatch

COUNTER = "num_batches_tracked"

NAMED_KEYS = 4
"""Largest number of tensors that a message names."""


def load(network: Callable[[], nn.Module], state: Mapping[str, Tensor]) -> nn.Module:
    """Return a network with the weights of a state dict.

    Parameters
    ----------
    network : callable
        The network's class, or a function that makes it. It is called on torch's meta device, which computes no
        first weights.
    state : mapping of str to Tensor
        Exactly the network's keys and shapes, of any float type. The counters of BatchNorm may be missing, as in old
        files; inference does not use them.

    Returns
    -------
    torch.nn.Module
        In float32, in eval mode, without gradients.

    Raises
    ------
    CheckpointMismatch
        If a tensor is missing, is unknown, or has another shape; the text names the first ones.
    """
    with torch.device("meta"):
        module = network()
    floats = {key: tensor.float() for key, tensor in state.items() if not key.endswith(COUNTER)}
    _check(module, floats)
    module.load_state_dict(floats, assign=True)
    return module.eval().requires_grad_(False)


def _check(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Raise CheckpointMismatch unless keys and shapes are the module's own."""
    expected = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items() if not key.endswith(COUNTER)}
    got = {key: tuple(tensor.shape) for key, tensor in state.items()}
    common = expected.keys() & got.keys()
    faults = {
        "missing": _name(key for key in expected if key not in got),
        "unexpected": _name(key for key in got if key not in expected),
        "of another shape": _name(
            f"{key} {got[key]} instead of {expected[key]}"
            for key in expected
            if key in common and got[key] != expected[key]
        ),
    }
    if any(faults.values()):
        found = "; ".join(f"{fault}: {keys}" for fault, keys in faults.items() if keys)
        msg = f"Expected the tensors of {type(module).__name__}, got others; {found}. Choose a file of this network."
        raise CheckpointMismatch(msg)


def _name(keys: Iterable[str]) -> str:
    return ", ".join(islice(keys, NAMED_KEYS))
