"""Albums: the photographs that somebody brought together, what is made of them, and where both lie on disk.

An album outlives the page that made it: whoever knows its id finds it again, until it has to make room.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.arrays import Image
from pipeline.finish import Finish
from pipeline.notices import Notice
from pipeline.plan import Plan
from pipeline.run import Timing
from pipeline.stages import Repair
from studio.jobs import Job, State
from studio.layers import Layers


@dataclass(frozen=True)
class Restored:
    """A restored photograph: what `pipeline.run.Result` says, with its pictures on disk."""

    plan: Plan
    layers: Layers
    timings: tuple[Timing, ...]
    notices: tuple[Notice, ...]
    original_size: tuple[int, int]
    """Width and height of the file."""

    history: str
    guesses: tuple[str, ...]
    """What models made up; see `pipeline.run.Result`."""


@dataclass(eq=False)
class Picture:
    """One photograph of an album."""

    name: str
    """The file's name, as it came."""

    source: Path
    size: tuple[int, int] = (0, 0)
    """Width and height that the stages see; known once the file is read."""

    job: Job[Restored] | None = None
    plan: Plan | None = None
    """What `job` does."""

    mask: Path | None = None
    """Its damage, as a person has corrected it."""

    restored: Restored | None = None
    """What the last job that went well has made."""

    finish: Finish = field(default_factory=Finish)
    strengths: dict[str, float] = field(default_factory=dict)
    """The live finish, and the strength of each stage, as they stand."""

    @property
    def state(self) -> State | None:
        """Where its job stands; None before it has one. A waiting job that was cancelled has stopped."""
        if self.job is None:
            return None
        waits = self.job.state is State.WAITING
        return State.CANCELLED if waits and self.job.cancelled() else self.job.state

    @property
    def busy(self) -> bool:
        """Whether its job waits or runs."""
        return self.state in (State.WAITING, State.RUNNING)

    def weights(self) -> list[float]:
        """Return the weight of each picture under the strengths as they stand.

        Raises
        ------
        ValueError
            If it is not restored.
        """
        return self.done.layers.mix(self.strengths)

    @property
    def done(self) -> Restored:
        """What was made of it.

        Raises
        ------
        ValueError
            If it is not restored.
        """
        if self.restored is None:
            msg = f"{self.name} is not restored yet; wait for its job."
            raise ValueError(msg)
        return self.restored

    def rendered(self) -> Image:
        """Return the full result under the live finish and the strengths as they stand, RGB float32 in [0, 1]."""
        return self.finish.apply(self.done.layers.full(self.weights()), reuse=True)

    def settled_plan(self) -> Plan:
        """Return the plan with the live finish and the strengths in it: what the command line needs to repeat it.

        A mask of one's own is left out, for its file lies here: it is saved from the page, and given beside the plan.
        """
        plan = self.done.plan
        stages = tuple(replace(s, mask="") if isinstance(s, Repair) else s for s in plan.stages)
        running = {stage.name for stage in plan.stages}
        strengths = {name: value for name, value in self.strengths.items() if value != 1 and name in running}
        return Plan(stages, plan.optional, self.finish, strengths)


@dataclass(eq=False)
class Album:
    """Photographs that belong together, in a folder of their own."""

    id: str
    """Hard to guess: who knows it may see the album."""

    folder: Path
    pictures: list[Picture]
    used: float = field(default_factory=time.monotonic)

    @property
    def busy(self) -> bool:
        """Whether any of its photographs waits or is being restored."""
        return any(picture.busy for picture in self.pictures)

    def cancel(self) -> None:
        """Cancel everything that waits or runs."""
        for picture in self.pictures:
            if picture.job is not None:
                picture.job.cancel()

    def nbytes(self) -> int:
        """Return the bytes of its files."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):  # a job may be taking files away
                    total += Path(folder, name).stat().st_size
        return total
