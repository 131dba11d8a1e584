"""Batch norms that a network has only while it is trained: they are folded into its convolutions afterwards."""

import copy
from typing import TypeVar, cast

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


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
