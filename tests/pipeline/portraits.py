"""Faces for tests: softened, at a known place, and with a restorer of the test's own."""

import cv2
import numpy as np

from models.runtime.engine import Engine
from pipeline.methods.faces import Face
from pipeline.stages.faces import Seen
from tests.pipeline.fakes import FakeNetwork

SIDE, ONCE = 512, "gfpgan-1.4"
"""A model that is asked once for each face, and the side of its faces."""


class WithRestorer:
    """The real engine, with `restore` in place of the network that restores faces."""

    def __init__(self, restore):
        self._engine, self._restore = Engine("cpu", "float32"), restore

    def network(self, spec, **options):
        if spec.task == "faces":
            return FakeNetwork(spec, lambda x, network: self._restore(x))
        return self._engine.network(spec, **options)


def soft(photo, factor=5):
    """The photograph as it looks after it was reduced by a factor and enlarged again."""
    small = cv2.resize(photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(small, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def at(points, strength=1.0, number=1, form=0.2, reason=""):
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    grown = (right - left) / 2
    box = (left - grown, top - grown, right - left + 2 * grown, bottom - top + 2 * grown)
    return Seen(number, Face(tuple(map(float, box)), points, 0.99), strength, form, reason)


def codes(notices):
    return [notice.code for notice in notices]
