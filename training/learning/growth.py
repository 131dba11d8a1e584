"""Deepen or widen a trained network without changing what it computes.

References
----------
.. [1] T. Chen, I. Goodfellow, J. Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016:
   section 2.3, layers that begin as the identity.
"""

from collections.abc import Mapping

import torch
from torch import Tensor


def deepen(state: Mapping[str, Tensor], num_conv: int) -> dict[str, Tensor]:
    """Return a compact upscaler's state dict with identity convolutions, spread evenly between its own.

    Parameters
    ----------
    state : mapping of str to Tensor
        State dict of `models.networks.srvgg.SRVGG`: ``body.0.weight`` and so on, convolutions and PReLU alternating.
    num_conv : int
        Inner convolutions of the result; a state dict with as many or more is returned unchanged.

    Returns
    -------
    dict of str to Tensor
        State dict of the deeper network.
    """
    layers = _layers(state)
    has = (len(layers) - 3) // 2  # the first convolution and its PReLU, pairs of both, the last convolution
    if has >= num_conv:
        return dict(state)
    old = iter(layers[2:-1])
    body = layers[:2]
    for place in range(num_conv):
        is_old = (place + 1) * has // num_conv > place * has // num_conv
        body += [next(old), next(old)] if is_old else _identity(layers[2]["weight"])
    body.append(layers[-1])
    return {f"body.{i}.{name}": tensor for i, layer in enumerate(body) for name, tensor in layer.items()}


def widen(state: Mapping[str, Tensor], network: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a compact upscaler's state dict with more channels in its inner convolutions.

    The new channels read all others, but at first only new channels read them, so the answer stays the same.

    Parameters
    ----------
    state : mapping of str to Tensor
        State dict of `models.networks.srvgg.SRVGG`.
    network : mapping of str to Tensor
        State dict of a wider network with as many convolutions, untrained: new channels keep its random weights.

    Returns
    -------
    dict of str to Tensor
        State dict of the wider network; a last layer for another scale, and a network that is no narrower, are returned
        unchanged.
    """
    last = list(network)[-1].rpartition(".")[0]
    is_other_scale = len(state[f"{last}.bias"]) != len(network[f"{last}.bias"])
    if len(state["body.0.bias"]) >= len(network["body.0.bias"]):
        return dict(state)
    grown = {}
    for key, old in state.items():
        if is_other_scale and key.startswith(last):
            grown[key] = old
            continue
        wide = grown[key] = network[key].clone()
        if old.ndim > 1:
            wide[: len(old), old.shape[1] :] = 0
            wide[: len(old), : old.shape[1]] = old
        else:
            wide[: len(old)] = old
    return grown


def add_blocks(state: Mapping[str, Tensor], network: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a U-Net's state dict with more residual blocks, which add nothing at first.

    Parameters
    ----------
    state : mapping of str to Tensor
        State dict of a restorer or a damage detector with fewer blocks a level.
    network : mapping of str to Tensor
        State dict of the deeper network, untrained: new blocks take their first convolution from it; their second is
        set to 0.

    Returns
    -------
    dict of str to Tensor
        State dict of the deeper network.
    """
    grown = dict(state)
    for key, tensor in network.items():
        if key not in state and key.startswith(("encoder.", "decoder.")):
            grown[key] = torch.zeros_like(tensor) if ".second." in key else tensor
    return grown


def _layers(state: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    layers: list[dict[str, Tensor]] = [{} for _ in {key.split(".")[1] for key in state}]
    for key, tensor in state.items():
        _, index, name = key.split(".")
        layers[int(index)][name] = tensor
    return layers


def _identity(like: Tensor) -> list[dict[str, Tensor]]:
    """Return a convolution of another's shape, and a PReLU, that pass their input on unchanged."""
    weight = torch.nn.init.dirac_(torch.empty_like(like))
    return [{"weight": weight, "bias": torch.zeros(len(like))}, {"weight": torch.ones(len(like))}]
