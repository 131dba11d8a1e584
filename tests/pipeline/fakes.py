"""A stand-in for the engine, to make a device fail at will."""

from dataclasses import dataclass, field

import numpy as np

from models.runtime.network import Network

NO_BLUR = (9, -9, -9, 2, 9, 1, 0)
"""What the blur estimator answers for a sharp picture."""


@dataclass
class FakeNetwork:
    spec: object
    function: object
    device: str = "cpu"
    precision: str = "float32"
    blur: tuple = NO_BLUR

    def run(self, x, cancelled=lambda: False):
        if self.spec.task == "estimate":
            return np.array([self.blur], np.float32)
        return self.function(x, self)


@dataclass
class FakeEngine:
    """Gives networks that compute `function(x, network)`, and an estimator that sees a blur."""

    function: object
    device: str = "cpu"
    precision: str = "float32"
    asked: list = field(default_factory=list)
    blur: tuple = NO_BLUR

    def network(self, spec, *, mix=1.0, device=None, precision=None, cancelled=None) -> Network:
        made = FakeNetwork(spec, self.function, device or self.device, precision or self.precision, self.blur)
        self.asked.append((made.device, made.precision, mix))
        return made
