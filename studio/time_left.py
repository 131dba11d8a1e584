"""How long the rest of a run will take, learned from the runs before it."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from pipeline.plan import Plan
from pipeline.run import Timing
from pipeline.stage import Stage
from pipeline.stages import Upscale
from studio.jobs import Job

_TOLD_FROM = 0.05
"""Share of a stage after which its own speed says more than that of earlier runs."""

_FIRST_GUESS = {
    "denoise": 8e-7,
    "deblur": 8e-6,
    "colorize": 1e-6,
    "upscale": 1e-5,
    "post-denoise": 2e-7,
    "sharpen": 5e-8,
}
"""Seconds for a pixel, with the models in the box on two cores: what is told until the first run has taught better."""

_FADE = 0.5
"""Share of the newest run in what is remembered."""


class Pace:
    """Seconds that each stage takes for a pixel; safe to share between threads."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    def learn(self, plan: Plan, pixels: int, timings: Sequence[Timing]) -> None:
        """Take the times of a finished run.

        Parameters
        ----------
        plan : Plan
            What ran.
        pixels : int
            Of the photograph.
        timings : sequence of Timing
            One for each stage; those that were not computed now teach nothing.
        """
        seen = _pixels(plan, pixels)
        with self._lock:
            for stage, count, timing in zip(plan.stages, seen, timings, strict=True):
                if timing.outcome == "done":
                    now = timing.seconds / count
                    before = self._seconds.get(_key(stage), now)
                    self._seconds[_key(stage)] = before + _FADE * (now - before)

    def left(self, plan: Plan, pixels: int, job: Job[Any]) -> float | None:
        """Return the seconds that a running job still needs, or None where nobody can know yet.

        Parameters
        ----------
        plan : Plan
            What the job runs.
        pixels : int
            Of the photograph.
        job : Job
            Its progress and times.
        """
        now = job.progress
        if now is None:
            return None
        with self._lock:
            known = [self._seconds.get(_key(stage), _guess(stage)) for stage in plan.stages]
        costs = [None if k is None else k * count for k, count in zip(known, _pixels(plan, pixels), strict=True)]
        spent = time.monotonic() - job.stage_started
        here = spent * (1 - now.fraction) / now.fraction if now.fraction > _TOLD_FROM else costs[now.index]
        later = costs[now.index + 1 :]
        if here is None or any(cost is None for cost in later):
            return None
        return max(here - (spent if now.fraction <= _TOLD_FROM else 0), 0) + sum(filter(None, later))


def _guess(stage: Stage) -> float | None:
    """Return a first guess of a stage's cost; None where it has another model than by default."""
    usual = getattr(stage, "model", "") == getattr(type(stage)(), "model", "")
    return _FIRST_GUESS.get(stage.name) if usual else None


def _key(stage: Stage) -> str:
    """Return what the cost of a stage depends on; strengths and the like do not change it much."""
    model, scale = getattr(stage, "model", ""), getattr(stage, "scale", "")
    return f"{stage.name} {model} {scale}"


def _pixels(plan: Plan, pixels: int) -> list[float]:
    """Return the pixels that each stage has to do with: the photograph's, or the enlarged one's."""
    counts, now = [], float(pixels)
    for stage in plan.stages:
        counts.append(now)
        if isinstance(stage, Upscale):
            now *= stage.scale**2
    return counts
