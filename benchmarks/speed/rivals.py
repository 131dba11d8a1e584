"""Rivals that the studio's speed is compared with, each a function from 8-bit RGB to 8-bit RGB."""

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.pixels import eight_bits, unit
from models import own
from models.files import weights
from pipeline.arrays import Image8

Filter = Callable[[Image8], Image8]

_NLM = {"h": 10, "hColor": 10, "templateWindowSize": 7, "searchWindowSize": 21}
_DEBLUR_MULTIPLE = 32


def missing(package: str) -> str:
    """Return why a rival cannot run, or an empty text if its package is installed."""
    return "" if find_spec(package) else f"the package {package} is not installed"


def non_local_means(picture: Image8) -> Image8:
    """Return a picture denoised by OpenCV's non-local means (Buades, Coll and Morel, 2011)."""
    return np.asarray(cv2.fastNlMeansDenoisingColored(picture, None, **_NLM))


def gaussian(picture: Image8) -> Image8:
    """Return a picture lightly blurred by OpenCV."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4))


def unsharp(picture: Image8) -> Image8:
    """Return a picture sharpened by OpenCV's functions."""
    return np.asarray(cv2.addWeighted(picture, 1.4, cv2.GaussianBlur(picture, (0, 0), 1.0), -0.4, 0))


def eager(path: Path) -> Filter:
    """Return an upscaler as a torch module in eager mode, float32.

    Parameters
    ----------
    path : Path
        A file for `models.own.from_file`.
    """
    return _called(_module(path))


def eager_deblurrer() -> Filter:
    """Return DeblurGAN-v2 (FPN-MobileNet) in eager torch; it is untrained, which takes the same time."""
    from models.networks.deblurgan import DeblurGAN, mobilenet_generator

    run = _called(DeblurGAN(mobilenet_generator()).eval())

    def deblur(picture: Image8) -> Image8:
        height, width = picture.shape[:2]
        below, right = (-side % _DEBLUR_MULTIPLE for side in (height, width))
        padded = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        return run(np.asarray(padded))[:height, :width]

    return deblur


def onnx_runtime(path: Path) -> Filter:
    """Return an upscaler in ONNX Runtime on the CPU, float32; needs onnxruntime, onnx and onnxscript."""
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
    """Return the steps of the studio's default chain, each by another package.

    Non-local means, DeblurGAN-v2, Real-ESRGAN x4 resized to the wanted factor, a Gaussian, an unsharp mask.

    Parameters
    ----------
    upscale : callable
        Enlarges by 4.
    scale : float
        Enlargement of the result.
    """
    deblur = eager_deblurrer()

    def restore(picture: Image8) -> Image8:
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

    def run(picture: Image8) -> Image8:
        with torch.inference_mode():
            return _picture(module(torch.from_numpy(_batch(picture))).numpy())

    return run


def _batch(picture: Image8) -> Any:
    """Return (H, W, 3) of 8 bits as (1, 3, H, W) in [0, 1]."""
    return unit(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))


def _picture(batch: Any) -> Image8:
    return eight_bits(batch[0].transpose(1, 2, 0).clip(0, 1))
