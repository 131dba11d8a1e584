"""What became of one photograph of a batch."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.notices import Notice, sentence
from pipeline.run import Timing
from pipeline.stages.faces import rows


@dataclass(kw_only=True)
class Outcome:
    """How the work on one file ended."""

    status: str = "failed"
    """``"done"``, ``"failed"``, or ``"kept"`` where an earlier run made the result; another command may have more."""

    error: str = ""
    kind: str = ""
    """Name of the error's class, such as ``"PhotoUnreadable"``; empty where there is none."""

    fault: str = ""
    """What kind of failure it is, one of `pipeline.batch.faults.FAULTS`; empty where there is none."""

    notices: list[Notice] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        """The notices as sentences in English."""
        return [sentence(notice) for notice in self.notices]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON; each notice with its text in English."""
        notices = [asdict(n) | {"message": text} for n, text in zip(self.notices, self.messages, strict=True)]
        return asdict(self) | {"notices": notices}


@dataclass
class Report(Outcome):
    """What became of one photograph."""

    source: str
    target: str
    original_size: tuple[int, int] = (0, 0)
    """Width and height of the file."""

    format: str = ""
    """Format of the result, such as ``"jpeg"``."""

    working_size: tuple[int, int] = (0, 0)
    """Width and height that the stages saw."""

    size: tuple[int, int] = (0, 0)
    """Width and height of the result."""

    seconds: float = 0.0
    stages: list[Timing] = field(default_factory=list)
    history: str = ""
    """What was done, in one line, as in the metadata of the result."""

    guesses: tuple[str, ...] = ()
    """What in the picture is a model's guess, such as ``("colours",)``."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, with a row for each face."""
        return super().as_dict() | {"faces": rows(self.notices)}
