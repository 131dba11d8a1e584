"""The strength of each stage: a weighted sum of the pictures after each stage, without running any of them again.

Stage k turned picture I(k-1) into I(k). The result is I(0) plus the sum of the changes, s(k) * (I(k) - I(k-1)), each at
the size of the result; ordered by picture that is the sum of (s(k) - s(k+1)) * I(k). At strengths of 1 it is the last
picture exactly, at 0 the photograph itself, enlarged.
"""

import reprlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.errors import OptionError

NONE, ALL = 0.0, 1.0
"""Strengths at which nothing of a stage's change stays, and all of it, which is the default."""


def weights(names: Sequence[str], strengths: Mapping[str, float]) -> list[float]:
    """Return the weight of the photograph and of the picture after each stage; they add up to 1.

    Parameters
    ----------
    names : sequence of str
        The stages, in order.
    strengths : mapping of str to float
        Strength by stage, in [0, 1]; a stage that is not named has 1.
    """
    steps = [1.0, *(strengths.get(name, ALL) for name in names), 0.0]
    return [here - after for here, after in pairwise(steps)]


def check(strengths: Mapping[str, float], known: Sequence[str]) -> None:
    """Refuse strengths that are out of range, or of unknown stages.

    Raises
    ------
    OptionError
        With the stage, what it accepts and what came.
    """
    for name, value in strengths.items():
        if name not in known:
            msg = f"strengths has no {name}; it knows {', '.join(known)}."
            raise OptionError(msg)
        if isinstance(value, bool) or not isinstance(value, int | float) or not NONE <= value <= ALL:
            msg = f"strengths of {name} must be a number from {NONE:g} to {ALL:g}, not {reprlib.repr(value)}."
            raise OptionError(msg)


class Blend:
    """Adds up the pictures one at a time; never more than two are in memory.

    Parameters
    ----------
    weights : sequence of float
        As `weights` gives them.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = list(weights)
        self._sum: Image | None = None

    def take(self, image: Image) -> None:
        """Add the next picture, RGB, shape (H, W, 3), in [0, 1]; it is not written to."""
        weight = np.float32(self._weights.pop(0))
        if self._sum is None:
            self._sum = image * weight
            return
        if self._sum.shape != image.shape:
            size = image.shape[1::-1]
            self._sum = np.asarray(cv2.resize(self._sum, size, interpolation=cv2.INTER_CUBIC), np.float32)
        if weight:
            self._sum += image * weight

    def result(self) -> Image:
        """Return the sum, in [0, 1].

        Raises
        ------
        ValueError
            If no picture was added.
        """
        if self._sum is None:
            msg = "Expected at least one picture to blend, got none. Take the photograph first."
            raise ValueError(msg)
        return np.clip(self._sum, 0.0, 1.0, out=self._sum)
