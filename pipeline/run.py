"""Run a plan over a photograph: the main flow of the studio."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.errors import WeightsMissing
from pipeline.notices import Notice
from pipeline.options import is_file, rules
from pipeline.photo import Photo
from pipeline.plan import Plan
from pipeline.stage import Stage
from pipeline.strengths import Blend, weights

Outcome = Literal["done", "skipped", "cached"]


@dataclass(frozen=True)
class Timing:
    """What became of one stage."""

    stage: str
    seconds: float
    outcome: Outcome
    """``"done"``, ``"skipped"`` (it left the picture alone) or ``"cached"``."""


@dataclass(frozen=True)
class Entry:
    """What a stage made: its picture, what it said, and what it cost."""

    image: Image
    notices: tuple[Notice, ...]
    seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    stage: str
    index: int
    """Stages finished so far."""

    count: int
    """Stages of the plan."""

    fraction: float
    """Share of this stage that is done, in [0, 1]."""


@dataclass(frozen=True)
class Result:
    """A restored photograph, before the live finish."""

    photo: Photo
    plan: Plan
    pixels: Image
    timings: tuple[Timing, ...]
    notices: tuple[Notice, ...]

    @property
    def changed(self) -> tuple[Stage, ...]:
        """The stages that changed the picture."""
        pairs = zip(self.plan.stages, self.timings, strict=True)
        return tuple(stage for stage, timing in pairs if timing.outcome != "skipped")

    @property
    def guesses(self) -> tuple[str, ...]:
        """What in the picture is a machine's guess, such as ``("colours",)``."""
        return tuple(stage.guesses for stage in self.changed if stage.guesses)

    @property
    def history(self) -> str:
        """What was done, in one line: the stages that changed the picture, with their options, and what is guessed."""
        done = "; ".join(f"{stage.name} ({_told(stage)})" for stage in self.changed)
        return ". ".join([done, *(f"The {guess} are a machine's guess" for guess in self.guesses)])


def _told(stage: Stage) -> str:
    """Return a stage's options in words; of a file its name alone, for its folder is nobody else's business."""
    told = {name: value for name, value in asdict(stage).items() if value != ""}
    for name, rule in rules(stage).items():
        if name in told and is_file(rule, told[name]):
            told[name] = Path(told[name]).name
    return ", ".join(f"{name} {value}" for name, value in told.items())


def run(
    plan: Plan,
    photo: Photo,
    engine: Engine,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
    reuse: Callable[[Plan, int], Entry | None] = lambda plan, index: None,
    keep: Callable[[str, Image], None] | None = None,
) -> Result:
    """Put a photograph through the stages of a plan.

    Parameters
    ----------
    plan : Plan
        The stages, in order.
    photo : Photo
        Not changed.
    engine : Engine
        Runs the networks.
    progress, cancelled : callable
        Told how far it is; asked whether to stop, at every tile and strip.
    reuse : callable
        Takes a plan and the index of a stage; returns what that stage made in an earlier run over the same photograph,
        or None. Not asked any more once a stage has made something new.
    keep : callable, optional
        Handed ``"photo"`` and the photograph, then each stage's name and picture, to look at or to copy: the next stage
        may write over it.

    Raises
    ------
    StudioError
        Whatever a stage raises: cancelled, a model's file missing, a network that failed.
    """
    image = photo.pixels
    notices, timings = list(photo.notices), []
    blend = Blend(weights([stage.name for stage in plan.stages], plan.strengths)) if plan.strengths else None
    takers = [take for take in (keep, blend and blend.take) if take]
    for take in takers:
        take("photo", image)
    is_new = False
    for index, stage in enumerate(plan.stages):
        entry = None if is_new else reuse(plan, index)
        outcome: Outcome = "cached"
        if entry is None:

            def tell(fraction: float, stage: Stage = stage, index: int = index) -> None:
                progress(Progress(stage.name, index, len(plan.stages), fraction))

            mine = not np.may_share_memory(image, photo.pixels)
            context = Context(engine, stage.name, tell, cancelled, reuse=mine)
            entry = _apply(stage, image, context, optional=stage.name in plan.optional)
            outcome = "skipped" if entry.image is image else "done"
            is_new = is_new or outcome == "done"
        image = entry.image
        notices += entry.notices
        timings.append(Timing(stage.name, entry.seconds, outcome))
        for take in takers:
            take(stage.name, image)
    return Result(photo, plan, blend.result() if blend else image, tuple(timings), tuple(notices))


def _apply(stage: Stage, image: Image, context: Context, *, optional: bool) -> Entry:
    """Run one stage; an optional one is left out, aloud, where its model's file is missing."""
    started = time.perf_counter()
    context.advance(0.0)
    try:
        image = stage.apply(image, context)
    except WeightsMissing as error:
        if not optional:
            raise
        context.notice("weights-missing", f"{stage.name.capitalize()} was left out. {error}")
    context.advance(1.0)
    return Entry(image, tuple(context.notices), time.perf_counter() - started)
