"""ST-LPIPS: how different two pictures look to people.

References
----------
.. [1] A. Ghildyal and F. Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022.
"""

import contextlib
import io
import sys
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.arrays import Image

_NEVER_USED = {"IPython": "embed", "torchsummary": "summary"}
"""Packages that stlpips-pytorch imports without using them, and what it imports from each."""


def st_lpips(result: Image, truth: Image) -> float:
    """Return ST-LPIPS [1]_, where lower is better; needs stlpips-pytorch.

    Parameters
    ----------
    result, truth : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; sides of 64 pixels or more.
    """
    import torch

    pictures = (np.ascontiguousarray(image.transpose(2, 0, 1)[None]) for image in (np.clip(result, 0, 1), truth))
    with torch.inference_mode():
        return float(_network()(*(2 * torch.from_numpy(picture) - 1 for picture in pictures)))


@lru_cache(maxsize=1)
def _network() -> Any:
    """Return the package's AlexNet, which takes RGB in [-1, 1], without the text that it prints."""
    absent = [name for name in _NEVER_USED if name not in sys.modules]
    for name in absent:
        sys.modules[name] = ModuleType(name)
        setattr(sys.modules[name], _NEVER_USED[name], None)
    try:
        from stlpips_pytorch import stlpips
    finally:
        for name in absent:
            del sys.modules[name]
    with contextlib.redirect_stdout(io.StringIO()):
        return stlpips.LPIPS(net="alex", variant="shift_tolerant").eval()
