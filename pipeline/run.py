"""Run a plan over a photograph: the main flow of the studio."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from models.runtime.engine import Engine
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import OptionError, PackageMissing, WeightsMissing
from pipeline.methods.strengths import Blend, weights
from pipeline.notices import Notice
from pipeline.photo import Photo
from pipeline.plan import Plan
from pipeline.stages import Stage

Outcome = Literal["done", "skipped", "cached"]


@dataclass(frozen=True)
class Timing:
    """What became of one stage."""

    stage: str
    seconds: float
    outcome: Outcome
    """``"done"``, ``"skipped"`` (it left the picture alone) or ``"cached"`` (taken over from an earlier run)."""


@dataclass(frozen=True)
class Entry:
    """What a stage made in an earlier run over the same photograph."""

    load: Callable[[], Image]
    """Reads its picture; only called where a later stage needs it."""

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


class Keeper(Protocol):
    """Keeps the photograph and the picture after each stage, in order."""

    def begin(self, image: Image) -> None:
        """Take the photograph."""

    def add(self, name: str, image: Image) -> None:
        """Take what a stage made, to look at or to copy: the next stage may write over it."""

    def repeat(self, name: str) -> None:
        """Note that a stage left the picture alone."""

    def link(self, name: str) -> None:
        """Take over what the stage made in the earlier run."""


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
        done = "; ".join(f"{stage.name} ({stage.chosen})" for stage in self.changed)
        return ". ".join([done, *(f"The {guess} are a machine's guess" for guess in self.guesses)])


def run(  # noqa: PLR0913 - each is an input of the whole flow
    plan: Plan,
    photo: Photo,
    engine: Engine,
    *,
    mask: Mask | None = None,
    whole: Image | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
    reuse: Callable[[Plan, int], Entry | None] = lambda plan, index: None,
    keep: Keeper | None = None,
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
    mask : ndarray of bool, shape (H, W), optional
        Damage that a person marked on the photograph, for the stage that fills it.
    whole : ndarray of float32, shape (H, W, 3), optional
        The photograph that `photo` is a part of, for what stages measure of a whole.
    progress, cancelled : callable
        Called with how far the run is; asked whether to stop, at every tile and strip.
    reuse : callable
        Takes the plan and the index of a stage; returns what that stage made in an earlier run over the same
        photograph, or None. No longer called once a stage has made something new.
    keep : Keeper, optional
        Takes the photograph and the picture after each stage.

    Raises
    ------
    OptionError
        If the mask has another size than the photograph.
    StudioError
        Whatever a stage raises: cancelled, a model's file missing, a network that failed.
    """
    _check(mask, photo)
    at: Image | Entry = photo.pixels
    notices, timings, is_new = list(photo.notices), [], False
    blend = Blend(weights([stage.name for stage in plan.stages], plan.strengths)) if plan.strengths else None
    if keep:
        keep.begin(photo.pixels)
    if blend:
        blend.take(photo.pixels)
    wanted = {stage.looks_behind for stage in plan.stages}
    inputs: dict[str, Image | Entry] = {}
    for index, stage in enumerate(plan.stages):
        entry = None if is_new else reuse(plan, index)
        if stage.name in wanted:
            inputs[stage.name] = at
        if entry is None:
            image = _pixels(at)
            context = _context(plan, index, engine, progress, cancelled)
            context.earlier = tuple(notices)
            if stage.looks_behind in inputs:
                context.before = partial(_pixels, inputs[stage.looks_behind])
            needed = (photo.pixels, *(each for each in inputs.values() if not isinstance(each, Entry)))
            context.infrared, context.whole = photo.infrared, whole
            context.mask, context.reuse = mask, not any(np.may_share_memory(image, each) for each in needed)
            at, timing = _run(stage, image, context, optional=stage.name in plan.optional)
            is_new = is_new or timing.outcome == "done"
            notices += context.notices
        else:
            at, timing = entry, Timing(stage.name, entry.seconds, "cached")
            notices += entry.notices
        timings.append(timing)
        if keep:
            _keep(keep, timing, at)
        if blend:
            blend.take(_pixels(at))
    return Result(photo, plan, blend.result() if blend else _pixels(at), tuple(timings), tuple(notices))


def _check(mask: Mask | None, photo: Photo) -> None:
    if mask is not None and mask.shape != photo.pixels.shape[:2]:
        msg = f"Expected a mask of shape {photo.pixels.shape[:2]}, as the photograph, got {mask.shape}. Resize it."
        raise OptionError(msg)


def _pixels(at: Image | Entry) -> Image:
    return at.load() if isinstance(at, Entry) else at


def _context(
    plan: Plan, index: int, engine: Engine, progress: Callable[[Progress], None], cancelled: Callable[[], bool]
) -> Context:
    name, count = plan.stages[index].name, len(plan.stages)
    return Context(engine, name, lambda fraction: progress(Progress(name, index, count, fraction)), cancelled)


def _run(stage: Stage, image: Image, context: Context, *, optional: bool) -> tuple[Image, Timing]:
    """Run one stage; an optional one whose model cannot run on this machine is left out, with a notice."""
    started = time.perf_counter()
    context.advance(0.0)
    made = image
    try:
        made = stage.run(image, context)
    except (WeightsMissing, PackageMissing) as error:
        if not optional:
            raise
        code = "weights-missing" if isinstance(error, WeightsMissing) else "package-missing"
        context.notice(code, model=Path(stage.method).name)
    context.advance(1.0)
    outcome: Outcome = "skipped" if made is image else "done"
    return made, Timing(stage.name, time.perf_counter() - started, outcome)


def _keep(keep: Keeper, timing: Timing, at: Image | Entry) -> None:
    """Pass on the picture after a stage."""
    if timing.outcome == "skipped":
        keep.repeat(timing.stage)
    elif isinstance(at, Entry):
        keep.link(timing.stage)
    else:
        keep.add(timing.stage, at)
