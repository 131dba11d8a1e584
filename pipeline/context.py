"""What a stage may use while it examines or changes a picture."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from models.runtime.engine import Engine
from pipeline.arrays import Image, Mask, Plane
from pipeline.errors import Cancelled
from pipeline.notices import Notice, Value


@dataclass
class Context:
    """The engine, a person's mask, and the ways to report progress, to record notices and to stop."""

    engine: Engine
    stage: str = ""
    progress: Callable[[float], None] = lambda fraction: None
    """Takes the share of this stage that is done, in [0, 1]."""

    cancelled: Callable[[], bool] = lambda: False
    notices: list[Notice] = field(default_factory=list)
    earlier: tuple[Notice, ...] = ()
    """What the stages before this one reported."""

    reuse: bool = False
    """Whether the input buffer may be overwritten."""

    before: Callable[[], Image] | None = None
    """Returns the picture before the stage that `Stage.looks_behind` names; None where that stage does not run."""

    whole: Image | None = None
    """The whole photograph, where the stages run on a part of it: what is measured of a whole is measured here."""

    mask: Mask | None = None
    """Damage that a person marked, shape (H, W); None where a detector is to find it."""

    infrared: Plane | None = None
    """The scanner's infrared channel of the photograph, shape (H, W); None where its file has none."""

    def measured(self, image: Image) -> Image:
        """Return the picture to measure: the whole photograph, where `image` is a part of it."""
        return image if self.whole is None else self.whole

    def advance(self, fraction: float) -> None:
        """Report progress, and stop if that was asked.

        Raises
        ------
        Cancelled
            If somebody cancelled the work.
        """
        if self.cancelled():
            msg = "The work was cancelled; the photograph was not changed."
            raise Cancelled(msg)
        self.progress(fraction)

    def portion(self, start: float, stop: float) -> "Context":
        """Return a context for a part of the work, whose progress from 0 to 1 is this one's from `start` to `stop`."""
        return replace(self, progress=lambda fraction: self.progress(start + (stop - start) * fraction))

    def notice(self, code: str, **values: Value) -> None:
        """Record a deviation from the request, or a decision worth knowing; see `pipeline.notices.Notice`."""
        self.notices.append(Notice(code, self.stage, **values))
