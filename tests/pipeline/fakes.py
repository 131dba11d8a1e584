"""A stand-in for the engine, to make a device fail at will."""

from dataclasses import dataclass, field

from models.engine import Network


@dataclass
class FakeNetwork:
    spec: object
    function: object
    device: str = "cpu"
    precision: str = "float32"

    def run(self, x, cancelled=lambda: False):
        return self.function(x, self)


@dataclass
class FakeEngine:
    """Gives networks that compute `function(x, network)`."""

    function: object
    device: str = "cpu"
    precision: str = "float32"
    asked: list = field(default_factory=list)

    def network(self, spec, *, mix=1.0, device=None, precision=None, cancelled=None) -> Network:
        made = FakeNetwork(spec, self.function, device or self.device, precision or self.precision)
        self.asked.append((made.device, made.precision, mix))
        return made
