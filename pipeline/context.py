"""What a running stage may use."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from models.runtime.engine import Engine
from pipeline.errors import Cancelled
from pipeline.notices import Notice


@dataclass
class Context:
    """What a running stage may use: the engine, and the ways to report, to ask and to stop."""

    engine: Engine
    stage: str = ""
    progress: Callable[[float], None] = lambda fraction: None
    """Takes the share of this stage that is done, in [0, 1]."""

    cancelled: Callable[[], bool] = lambda: False
    notices: list[Notice] = field(default_factory=list)
    reuse: bool = False
    """Whether nobody looks at the stage's input any more, so that its result may take the input's place in memory."""

    def advance(self, fraction: float) -> None:
        """Report progress, and stop here if that was asked.

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

    def notice(self, code: str, message: str) -> None:
        """Record something that the person should know."""
        self.notices.append(Notice(code, message, self.stage))
