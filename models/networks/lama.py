"""LaMa and other networks of spandrel that fill holes.

References
----------
.. [1] R. Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from models.errors import CheckpointMismatch

_KEY = "model.1.bn_l.running_mean"


class Filler(nn.Module):
    """A network of spandrel for picture and mask, called with both in one tensor.

    Parameters
    ----------
    network : torch.nn.Module
        Takes picture and mask as two tensors.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return pictures with their holes filled.

        Parameters
        ----------
        x : Tensor, shape (N, 4, H, W)
            RGB in [0, 1], and a mask, 1 in holes; both sides are multiples of 8.

        Returns
        -------
        Tensor, shape (N, 3, H, W)
            RGB.
        """
        result: Tensor = self.network(x[:, :3], x[:, 3:])
        return result


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict is that of a LaMa."""
    return any(f"{prefix}.{_KEY}" in state for prefix in ("model", "generator"))


def traits(state: Mapping[str, Tensor]) -> dict[str, Any]:  # noqa: ARG001 (as in every network)
    """Return what both sides of the input are multiples of, and their minimum; they are the same for every LaMa."""
    return {"multiple": 8, "minimum": 16}


def build(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the filler with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        The keys of an architecture of spandrel that takes a mask.

    Returns
    -------
    Filler
        In float32, in eval mode, without gradients.

    Raises
    ------
    CheckpointMismatch
        If spandrel does not recognise the keys, or the network takes no mask.
    """
    from spandrel import MaskedImageModelDescriptor, ModelLoader, UnsupportedModelError

    try:
        descriptor: Any = ModelLoader().load_from_state_dict(dict(state))
    except (UnsupportedModelError, RuntimeError, KeyError, ValueError) as error:
        got = ", ".join(sorted(state)[:4]) or "no tensors"
        msg = f"Expected a network that fills holes, got tensors of another ({got}). Choose another file."
        raise CheckpointMismatch(msg) from error
    if not isinstance(descriptor, MaskedImageModelDescriptor):
        msg = f"Expected a network that fills holes, got {descriptor.architecture.name}. Choose another file."
        raise CheckpointMismatch(msg)
    return Filler(descriptor.model).float().eval().requires_grad_(False)
