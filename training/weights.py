"""Weights from files: of official networks, of runs, and those that are stored in 8 bits."""

from pathlib import Path

from torch import Tensor

from models.errors import WeightsMissing
from models.files import checkpoint

WRAPPERS = ("params_ema", "params", "average")
"""Keys under which official files, and checkpoints of `Run`, hold a state dict."""
STEP = ".step"
"""Suffix of the name of what a kernel in 8 bits is multiplied by."""


def load_state(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file as float32.

    Parameters
    ----------
    path : Path
        A safetensors file, with or without kernels in 8 bits (see `training.pack`), or one written by `torch.save`:
        an official checkpoint, or one of `Run`, whose average is taken.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no file at the path, or it cannot be read.
    CheckpointMismatch
        If it holds no state dict.
    """
    if not path.is_file():
        msg = f"Expected a file of weights at {path}, found none. Check the path."
        raise WeightsMissing(msg)
    state = checkpoint.unwrap(checkpoint.read(path), WRAPPERS, path)
    steps = {key: state[key + STEP] for key in state if key + STEP in state}
    state = {key: tensor.float() for key, tensor in state.items() if not key.endswith(STEP)}
    return state | {key: state[key] * step.float() for key, step in steps.items()}
