"""What the studio's speed is compared with: each as 8-bit RGB in and out, or the reason why it is not here."""

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.speed.same_weights import Bytes, eight_bits
from models import own
from models.files import weights

Filter = Callable[[Bytes], Bytes]

_NLM = {"h": 10, "hColor": 10, "templateWindowSize": 7, "searchWindowSize": 21}
_DEBLUR_MULTIPLE = 32


def missing(package: str) -> str:
    """Return why a rival cannot run, or nothing where its package is installed."""
    return "" if find_spec(package) else f"the package {package} is not installed"


def non_local_means(picture: Bytes) -> Bytes:
    """Denoise as OpenCV does by default (Buades, Coll and Morel, 2011)."""
    return np.asarray(cv2.fastNlMeansDenoisingColored(picture, None, **_NLM))


def gaussian(picture: Bytes) -> Bytes:
    """Blur an 8-bit picture lightly."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4))


def unsharp(picture: Bytes) -> Bytes:
    """Sharpen an 8-bit picture by OpenCV's own functions."""
    return np.asarray(cv2.addWeighted(picture, 1.4, cv2.GaussianBlur(picture, (0, 0), 1.0), -0.4, 0))


def eager(path: Path) -> Filter:
    """Return an upscaler's file as a torch module that is called as it is, in float32.

    Parameters
    ----------
    path : Path
        Any that `models.own.from_file` reads.
    """
    return _called(_module(path))


def eager_deblurrer() -> Filter:
    """Return DeblurGAN-v2 (FPN-MobileNet) in eager torch, untrained: as fast as with its weights."""
    from models.networks.deblurgan import DeblurGAN, mobilenet_generator

    run = _called(DeblurGAN(mobilenet_generator()).eval())

    def deblur(picture: Bytes) -> Bytes:
        height, width = picture.shape[:2]
        below, right = (-side % _DEBLUR_MULTIPLE for side in (height, width))
        padded = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        return run(np.asarray(padded))[:height, :width]

    return deblur


def onnx_runtime(path: Path) -> Filter:
    """Return an upscaler's file in ONNX Runtime, float32, on the CPU; needs onnxruntime, onnx and onnxscript."""
    import onnxruntime
    import torch

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        free = {2: torch.export.Dim("height", min=16), 3: torch.export.Dim("width", min=16)}
        torch.onnx.export(
            _module(path), (torch.rand(1, 3, 64, 80),), str(file), dynamo=True, dynamic_shapes=(free,), verbose=False
        )
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda picture: _picture(session.run(None, {name: _batch(picture)})[0])


def rival_chain(upscale: Filter, scale: float) -> Filter:
    """Return the studio's default steps as their own packages run them.

    Non-local means, DeblurGAN-v2, Real-ESRGAN x4 brought to the factor that is asked, a Gaussian, an unsharp mask.

    Parameters
    ----------
    upscale : callable
        Enlarges by 4.
    scale : float
        Factor of the result.
    """
    deblur = eager_deblurrer()

    def restore(picture: Bytes) -> Bytes:
        large = upscale(deblur(non_local_means(picture)))
        if scale != 4:
            size = tuple(round(side * scale) for side in picture.shape[1::-1])
            large = np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_LANCZOS4))
        return unsharp(gaussian(large))

    return restore


def _module(path: Path) -> Any:
    from models.networks import realesrgan

    spec = own.from_file(path)
    return realesrgan.build(weights.read_state(path, spec)).eval()


def _called(module: Any) -> Filter:
    import torch

    def run(picture: Bytes) -> Bytes:
        with torch.inference_mode():
            return _picture(module(torch.from_numpy(_batch(picture))).numpy())

    return run


def _batch(picture: Bytes) -> Any:
    """(H, W, 3) of 8 bits to (1, 3, H, W) in [0, 1]."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None]).astype(np.float32) / np.float32(255)


def _picture(batch: Any) -> Bytes:
    return eight_bits(batch[0].transpose(1, 2, 0).clip(0, 1))
