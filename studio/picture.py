"""A photograph of an album: its file, what is known of it, and what was made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.arrays import Image
from pipeline.errors import OptionError, PhotoError
from pipeline.finish import Finish
from pipeline.notices import Notice
from pipeline.plan import Plan
from pipeline.run import Timing
from pipeline.stage import Part
from pipeline.stages.faces import Seen
from studio.jobs import Job, State
from studio.layers import Layers


@dataclass(frozen=True)
class Preview:
    """A photograph at screen size."""

    path: Path
    """A JPEG; it exists where `error` is None."""

    size: tuple[int, int] = (0, 0)
    """Width and height of the photograph."""

    error: PhotoError | None = None
    """Why the photograph cannot be read."""

    page: int = 1
    pages: int = 1
    """Which page of the file it is, and how many can be chosen."""


@dataclass(frozen=True)
class Excerpt:
    """A part of a photograph at full size, before and after."""

    id: str
    before: Path
    after: Path
    """PNG files; the first is smaller where the settings enlarge."""

    size: tuple[int, int]
    """Width and height of the part after, in pixels."""

    part: Part
    """Where it is on the photograph."""

    by_whole: tuple[str, ...]
    """Names of the stages that decide by the whole photograph."""


@dataclass(frozen=True)
class Restored:
    """A restored photograph: the fields of `pipeline.run.Result`, with its pictures on disk."""

    plan: Plan
    layers: Layers
    timings: tuple[Timing, ...]
    notices: tuple[Notice, ...]
    original_size: tuple[int, int]
    """Width and height of the file."""

    history: str
    guesses: tuple[str, ...]
    """What models made up; see `pipeline.run.Result`."""

    mask: Path | None = None
    """The mask that a person drew, as it was for this run."""


@dataclass(frozen=True)
class Made:
    """A file to download."""

    path: Path
    notices: tuple[str, ...]
    """What the format could not hold, in words."""


@dataclass(frozen=True)
class Suggestion:
    """Why a stage is suggested for a photograph."""

    reason: Notice
    sure: bool
    """Whether the page follows it unasked."""


@dataclass(frozen=True)
class Own:
    """Settings for one photograph of a list alone."""

    plan: Plan
    follow: tuple[str, ...]
    is_full: bool
    """Arguments of `Workshop.submit`."""

    address: Mapping[str, str]
    """The settings as the address of the page holds them."""


@dataclass(eq=False)
class Picture:
    """One photograph of an album."""

    name: str
    """The file's name, as uploaded."""

    source: Path
    page: int | None = None
    """Which page of the file, from 1; the file's own choice by default."""

    size: tuple[int, int] = (0, 0)
    """Width and height that stages see at the usual cap; known once a job has read the file, also for its preview."""

    is_full: bool = False
    """Whether its last job works at full size."""

    preview: Job[Preview] | None = None
    plate: Job[Path] | None = None
    """The jobs that make small pictures of it."""

    outlines: Job[list[Sequence[tuple[float, float]]]] | None = None
    """The job that finds the prints on it, where it is a scan; see `studio.cuts`."""

    excerpt: tuple[object, Job[Excerpt]] | None = None
    """The job that restores a part of it last, behind what was asked of it; see `studio.excerpts`."""

    scan: int | None = None
    """Number of the scan that it was cut out of."""

    own: Own | None = None
    """Its own settings; None where those for all photographs hold."""

    job: Job[Restored] | None = None
    """Its last restoration."""

    plan: Plan | None = None
    """What `job` does."""

    examination: Job[Mapping[str, Suggestion]] | None = None
    """The job that finds out which stages it needs."""

    faces: dict[float, Job[tuple[Seen, ...]]] = field(default_factory=dict)
    """The jobs that find the faces on it, by how much it is to be enlarged."""

    damage: dict[str, Job[Path]] = field(default_factory=dict)
    """The jobs that look for damage, by detector."""

    mask: Path | None = None
    """The damage as a person corrected it."""

    restored: Restored | None = None
    """What the last successful job made."""

    finish: Finish = field(default_factory=Finish)
    strengths: dict[str, float] = field(default_factory=dict)
    """The live finish, and the strength of each stage, as set on the page."""

    @property
    def folder(self) -> Path:
        """Folder of what is made of it; each page that was chosen has its own."""
        return self.source.parent if self.page is None else self.source.parent / f"page-{self.page}"

    def drop(self) -> None:
        """Cancel its jobs and delete its result."""
        for job in self.jobs:
            job.cancel()
        if self.restored is not None:
            self.restored.layers.remove()

    @property
    def jobs(self) -> list[Job[Any]]:
        """The jobs that need its files."""
        small = (self.preview, self.plate, self.outlines, *self.faces.values())
        part = None if self.excerpt is None else self.excerpt[1]
        made = (self.job, self.examination, part, *small, *self.damage.values())
        return [job for job in made if job is not None]

    @property
    def state(self) -> State | None:
        """State of its restoration; None before the first. A waiting job that was cancelled counts as cancelled."""
        if self.job is None:
            return None
        waits = self.job.state is State.WAITING
        return State.CANCELLED if waits and self.job.cancelled() else self.job.state

    @property
    def busy(self) -> bool:
        """Whether its restoration waits or runs."""
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def suggestions(self) -> Mapping[str, Suggestion] | None:
        """Why stages are suggested, by their names; None until it is examined, empty where that failed."""
        if self.examination is None or not self.examination.finished:
            return None
        return self.examination.result or {}

    def weights(self) -> list[float]:
        """Return the weight of each of its layers under `strengths`.

        Raises
        ------
        OptionError
            If it is not restored.
        """
        return self.done.layers.mix(self.strengths)

    @property
    def done(self) -> Restored:
        """What the last successful job made.

        Raises
        ------
        OptionError
            If it is not restored.
        """
        if self.restored is None:
            msg = f"{self.name} is not restored yet; wait for its job."
            raise OptionError(msg)
        return self.restored

    def rendered(self) -> Image:
        """Return the full result under `finish` and `strengths`, RGB float32 in [0, 1]."""
        return self.finish.apply(self.done.layers.full(self.weights()), reuse=True)

    def settled_plan(self) -> Plan:
        """Return the plan with `finish` and `strengths` in it, as the command line needs to repeat the restoration."""
        plan = self.done.plan
        running = {stage.name for stage in plan.stages}
        strengths = {name: value for name, value in self.strengths.items() if value != 1 and name in running}
        return Plan(plan.stages, plan.optional, self.finish, strengths)
