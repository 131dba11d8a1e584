"""Read the tensors of a checkpoint; code in a file is never run."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.errors import CheckpointMismatch, WeightsCorrupt


def read(path: Path) -> Any:
    """Return the plain data that a file holds.

    Parameters
    ----------
    path : Path
        A safetensors file, by its suffix, or else one written by `torch.save`.

    Raises
    ------
    WeightsCorrupt
        If it is damaged, of another kind, or holds anything but plain data.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        return torch.load(path, weights_only=True, map_location="cpu")
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, OSError, ValueError, LookupError) as error:
        msg = (
            f"Expected a checkpoint of plain tensors in {path}, got a file that is damaged, is of another kind, or "
            "holds code, which is never run. Choose or download another file."
        )
        raise WeightsCorrupt(msg) from error


def unwrap(content: Any, wrappers: Sequence[str], path: Path) -> Mapping[str, Any]:
    """Return the state dict in the content of a file.

    Parameters
    ----------
    content : object
        As `read` returns it.
    wrappers : sequence of str
        Keys under which the state dict may lie, the preferred one first; it may also be the content itself.
    path : Path
        The file, for messages.

    Returns
    -------
    mapping of str to torch.Tensor

    Raises
    ------
    CheckpointMismatch
        If there is no state dict.
    """
    if isinstance(content, Mapping):
        inner = (content[key] for key in wrappers if isinstance(content.get(key), Mapping))
        content = next(inner, content)
    fault = _fault(content)
    if fault:
        msg = f"Expected named tensors in {path}, got {fault}. Choose a file that holds a plain state dict."
        raise CheckpointMismatch(msg)
    state: Mapping[str, Any] = content
    return state


def _fault(content: Any) -> str:
    """Return why `content` is not a state dict; empty if it is one."""
    from torch import Tensor

    if not isinstance(content, Mapping):
        return f"one {type(content).__name__}"
    if not content:
        return "none"
    kinds = {key: type(value).__name__ for key, value in content.items() if not isinstance(value, Tensor)}
    return next((f"a {kind} under {key!r}" for key, kind in kinds.items()), "")
