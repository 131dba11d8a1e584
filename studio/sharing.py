"""Before and after in one picture, small enough for a message."""

import cv2
import numpy as np

from pipeline.arrays import Image
from studio.picture import Picture

_LONG = 1080
"""Longest side of each half, in pixels."""
_LINE = 6
"""Width of the line between them."""


def before_and_after(picture: Picture) -> Image:
    """Return a restored photograph beside its original, RGB in [0, 1]; above it, where it is wide.

    Raises
    ------
    OptionError
        If it is not restored.
    """
    after = picture.rendered()
    height, width = after.shape[:2]
    share = min(1.0, _LONG / max(width, height))
    size = max(round(width * share), 1), max(round(height * share), 1)
    before = picture.done.layers.picture(0)
    halves = [np.clip(cv2.resize(each, size, interpolation=cv2.INTER_AREA), 0, 1) for each in (before, after)]
    axis = 0 if width > height else 1
    line = np.ones((_LINE, size[0], 3) if axis == 0 else (size[1], _LINE, 3), np.float32)
    return np.concatenate([halves[0], line, halves[1]], axis)
