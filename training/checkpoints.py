"""Files that training begins with and leaves behind."""

from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor, nn

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing

LAST = "last.pt"
"""Name of the checkpoint in a run's folder."""


def load_state(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file as float32.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If it is not there, or is not such a file.
    """
    if not path.is_file():
        msg = f"expected a safetensors file at {path}, found none: check the path"
        raise WeightsMissing(msg)
    try:
        state = safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        msg = f"expected a safetensors file, but {path} cannot be read ({error}): choose another"
        raise WeightsCorrupt(msg) from error
    return {key: tensor.float() for key, tensor in state.items()}


def begin_from(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load weights into a network; where only its last layer differs in shape, load the rest.

    So a network for another scale begins with the body of a trained one. It is said aloud.

    Raises
    ------
    CheckpointMismatch
        If anything else differs.
    """
    own = network.state_dict()
    last = {key for key in own if key.rpartition(".")[0] == list(own)[-1].rpartition(".")[0]}
    other = {key for key in own if key not in state or state[key].shape != own[key].shape}
    if not other <= last or state.keys() - own.keys():
        wrong = sorted((other - last) | (state.keys() - own.keys()))
        msg = (
            f"the file to begin with does not fit the network; first differences: "
            f"{', '.join(wrong[:5])}: give the size that it was trained with, or another file"
        )
        raise CheckpointMismatch(msg)
    network.load_state_dict({k: v for k, v in state.items() if k not in other}, strict=False)
    if other:
        print(f"begins with weights of chance, as their shape differs: {', '.join(sorted(other))}")
