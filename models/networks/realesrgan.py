"""Real-ESRGAN and all other networks from picture to picture that spandrel supports, such as those of OpenModelDB.

References
----------
.. [1] X. Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic
   Data", ICCV workshops 2021.
.. [2] spandrel, https://github.com/chaiNNer-org/spandrel
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from models.errors import CheckpointMismatch
from models.spec import BLEND, EXACT_TILE

SCALES = (1, 2, 4, 8)
"""Enlargements that the studio supports."""


class PictureNetwork(nn.Module):
    """A network of spandrel, called as its architecture requires.

    Parameters
    ----------
    descriptor : spandrel.ImageModelDescriptor
        As spandrel loads it from a state dict.
    """

    def __init__(self, descriptor: Any) -> None:
        super().__init__()
        self.network = descriptor.model
        # Calling the descriptor itself would also pad and clamp: padding cannot be traced for every size, and
        # clamping would hide an infinite value as a white pixel.
        self._call = descriptor._call_fn  # noqa: SLF001

    def forward(self, x: Tensor) -> Tensor:
        """Return restored or enlarged pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1], sRGB-encoded.

        Returns
        -------
        Tensor, shape (N, 3, scale * H, scale * W)
            RGB, not clamped: values may lie a little outside [0, 1].
        """
        return self._call(self.network, x)


def detect(state: Mapping[str, Tensor]) -> bool:
    """Return whether a state dict has the keys of an architecture that spandrel supports."""
    from spandrel import MAIN_REGISTRY, canonicalize_state_dict

    plain = canonicalize_state_dict(dict(state))
    return any(support.detect(plain) for support in MAIN_REGISTRY.architectures())


def build(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the network with the weights of a state dict.

    Parameters
    ----------
    state : mapping of str to Tensor
        The keys of any architecture that spandrel supports.

    Returns
    -------
    torch.nn.Module
        A `PictureNetwork` in float32, in eval mode, without gradients.

    Raises
    ------
    CheckpointMismatch
        If spandrel does not recognise the keys, or the network is not from RGB pictures to RGB pictures of 1, 2, 4 or
        8 times the size.
    """
    network = PictureNetwork(_describe(state))
    return network.float().eval().requires_grad_(False)


def traits(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return what follows from a state dict, as fields of `models.spec.ModelSpec`.

    Parameters
    ----------
    state : mapping of str to Tensor
        As for `build`.

    Raises
    ------
    CheckpointMismatch
        As `build` does.
    """
    descriptor = _describe(state)
    needs = descriptor.size_requirements
    return {
        "scale": descriptor.scale,
        "multiple": needs.multiple_of,
        "minimum": max(needs.minimum, 1),
        **_tiles(descriptor),
        "half": descriptor.supports_half and descriptor.supports_bfloat16,
    }


def _tiles(descriptor: Any) -> dict[str, Any]:
    """Return how an architecture's pictures may be tiled.

    The receptive field of SRVGGNetCompact, a row of 3x3 convolutions, reaches one pixel for each.
    """
    from spandrel import ModelTiling

    if descriptor.architecture.id == "Compact":
        reach = sum(isinstance(part, nn.Conv2d) for part in descriptor.model.modules())
        return {"context": reach, "tile": EXACT_TILE, "tiling": "exact"}
    never = descriptor.tiling is ModelTiling.INTERNAL
    return {"context": BLEND, "tile": 256, "tiling": "never" if never else "approximate"}


def interpolate(strong: Mapping[str, Tensor], weak: Mapping[str, Tensor], strength: float) -> dict[str, Tensor]:
    """Return the weighted mean of two state dicts of one network, such as the two of general-x4v3.

    Parameters
    ----------
    strong, weak : mapping of str to Tensor
        State dicts of the network that denoises strongly and of the one that keeps noise.
    strength : float
        From 0 (only `weak`) to 1 (only `strong`).

    Returns
    -------
    dict of str to Tensor
        ``strength * strong + (1 - strength) * weak``.

    Raises
    ------
    CheckpointMismatch
        If the two do not have the same keys and shapes.
    """
    shapes = [{key: tensor.shape for key, tensor in state.items()} for state in (strong, weak)]
    if shapes[0] != shapes[1]:
        differing = sorted(key for key, _ in shapes[0].items() ^ shapes[1].items())
        msg = (
            "Expected two state dicts of one network, got two that differ, first in "
            f"{differing[0]}. Choose the two files of one release."
        )
        raise CheckpointMismatch(msg)
    return {key: strength * tensor + (1 - strength) * weak[key] for key, tensor in strong.items()}


def _describe(state: Mapping[str, Tensor]) -> Any:
    """Return spandrel's description of a state dict; refuse networks that the studio cannot use."""
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError

    try:
        descriptor = ModelLoader().load_from_state_dict(dict(state))
    except (UnsupportedModelError, RuntimeError, KeyError, ValueError) as error:
        got = ", ".join(list(state)[:4]) or "no tensors"
        msg = (
            f"Expected a network of an architecture that spandrel supports, got tensors of another ({got}). "
            "Choose a file of one of the architectures that spandrel lists."
        )
        raise CheckpointMismatch(msg) from error
    name = descriptor.architecture.name
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.purpose == "FaceSR":
        msg = f"Expected a network for whole pictures, got {name}, which is for another purpose. Choose another file."
        raise CheckpointMismatch(msg)
    channels = (descriptor.input_channels, descriptor.output_channels)
    if descriptor.scale not in SCALES or channels != (3, 3):
        msg = (
            f"Expected a network from RGB to RGB that enlarges by one of {SCALES}, got {name} "
            f"from {channels[0]} to {channels[1]} channels that enlarges by {descriptor.scale}. "
            "Choose another file."
        )
        raise CheckpointMismatch(msg)
    return descriptor
