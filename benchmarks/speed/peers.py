"""The upscaler of the realesrgan package, run as that package does; only this module imports the peers."""

import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from models.errors import CheckpointMismatch
from models.files import checkpoint
from pipeline.arrays import Image8

_WRAPPERS = ("params_ema", "params")


def real_esrganer(weights: Path) -> tuple[str, Callable[[Image8], Image8]]:
    """Return RealESRGANer with a file's weights: float32 on the CPU, the whole picture at once, no padding.

    Parameters
    ----------
    weights : Path
        A safetensors or torch file of an SRVGGNetCompact or an RRDBNet.

    Returns
    -------
    str
        Name and version of the package.
    callable
        Enlarges a picture, 8-bit RGB of shape (H, W, 3), to one of the same form.

    Raises
    ------
    CheckpointMismatch
        If the file holds another network.
    WeightsCorrupt
        If the file cannot be read.
    """
    _provide_functional_tensor()
    from realesrgan import RealESRGANer

    state = checkpoint.unwrap(checkpoint.read(weights), _WRAPPERS, weights)
    scale, network = _network(state, weights)
    with tempfile.TemporaryDirectory() as folder:
        upsampler = RealESRGANer(scale, _as_pth(state, Path(folder)), model=network, tile=0, pre_pad=0, device="cpu")

    def enlarge(picture: Image8) -> Image8:
        bgr, _ = upsampler.enhance(picture[..., ::-1])
        enlarged: Image8 = bgr[..., ::-1]
        return enlarged

    return f"realesrgan {version('realesrgan')}", enlarge


def _provide_functional_tensor() -> None:
    """Provide the module that basicsr imports one function from.

    torchvision 0.17 removed ``torchvision.transforms.functional_tensor``; the function itself is in
    ``torchvision.transforms.functional``. Without this, no file of basicsr can be imported.
    """
    from torchvision.transforms import functional

    module = ModuleType("torchvision.transforms.functional_tensor")
    module.__dict__["rgb_to_grayscale"] = functional.rgb_to_grayscale
    sys.modules.setdefault(module.__name__, module)


def _network(state: Mapping[str, Any], path: Path) -> tuple[int, Any]:
    """Return the scale of a state dict, and the peers' network of its shape."""
    from basicsr.archs.rrdbnet_arch import RRDBNet
    from realesrgan.archs.srvgg_arch import SRVGGNetCompact

    if "conv_first.weight" in state:
        features, channels = state["conv_first.weight"].shape[:2]
        scale = {3: 4, 12: 2, 48: 1}[channels]  # networks for smaller scales fold pixels into channels first
        growth = state["body.0.rdb1.conv1.weight"].shape[0]
        return scale, RRDBNet(3, 3, scale=scale, num_feat=features, num_block=1 + _last(state), num_grow_ch=growth)
    if "body.0.weight" in state:
        last = state[f"body.{_last(state)}.weight"]
        scale = round((last.shape[0] / 3) ** 0.5)
        inner = _last(state) // 2 - 1  # convolutions and activations alternate
        return scale, SRVGGNetCompact(3, 3, num_feat=last.shape[1], num_conv=inner, upscale=scale)
    msg = f"Expected the weights of an SRVGGNetCompact or an RRDBNet in {path}, got others. Choose another file."
    raise CheckpointMismatch(msg)


def _last(state: Mapping[str, Any]) -> int:
    """Return the largest index of the layers in the body."""
    return max(int(key.split(".")[1]) for key in state if key.startswith("body."))


def _as_pth(state: Mapping[str, Any], folder: Path) -> str:
    """Write the only format that RealESRGANer reads; return its path."""
    import torch

    path = folder / "weights.pth"
    torch.save({"params": dict(state)}, path)
    return str(path)
