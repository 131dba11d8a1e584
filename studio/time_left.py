"""Estimate how long the rest of a run takes, learnt from earlier runs."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from models import own
from pipeline.plan import Plan
from pipeline.run import Timing
from pipeline.stage import Stage
from studio.jobs import Job

_OWN_SPEED_FROM = 0.05
"""Share of a stage after which its own speed is a better estimate than earlier runs."""

_FADE = 0.5
"""Weight of the newest run in the running mean."""


class Pace:
    """Seconds that each stage takes for a pixel of its input; safe to share between threads."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    def learn(self, plan: Plan, pixels: int, timings: Sequence[Timing]) -> None:
        """Learn from a finished run.

        Parameters
        ----------
        plan : Plan
            Of the run.
        pixels : int
            Of the photograph.
        timings : sequence of Timing
            One for each stage; only those that were computed in this run count.
        """
        seen = _pixels(plan, pixels)
        with self._lock:
            for stage, count, timing in zip(plan.stages, seen, timings, strict=True):
                if timing.outcome == "done":
                    now = timing.seconds / count
                    before = self._seconds.get(_key(stage), now)
                    self._seconds[_key(stage)] = before + _FADE * (now - before)

    def left(self, plan: Plan, pixels: int, job: Job[Any]) -> float | None:
        """Return the seconds that a running job still needs; None before it starts or while a model's speed is unknown.

        Parameters
        ----------
        plan : Plan
            Of the job.
        pixels : int
            Of the photograph.
        job : Job
            Its progress and times.
        """
        now = job.progress
        if now is None:
            return None
        costs = self._costs(plan, pixels)
        spent = time.monotonic() - job.stage_started
        here = spent * (1 - now.fraction) / now.fraction if now.fraction > _OWN_SPEED_FROM else costs[now.index]
        later = costs[now.index + 1 :]
        if here is None or any(cost is None for cost in later):
            return None
        return max(here - (spent if now.fraction <= _OWN_SPEED_FROM else 0), 0) + sum(filter(None, later))

    def expected(self, plan: Plan, pixels: int) -> float | None:
        """Return the seconds that a run will take, by its plan and the photograph's pixels; None while unknown."""
        costs = self._costs(plan, pixels)
        return None if any(cost is None for cost in costs) else sum(filter(None, costs))

    def _costs(self, plan: Plan, pixels: int) -> list[float | None]:
        """Return the seconds that each stage will take."""
        with self._lock:
            known = [self._seconds.get(_key(stage), _guess(stage)) for stage in plan.stages]
        return [None if k is None else k * count for k, count in zip(known, _pixels(plan, pixels), strict=True)]


def _guess(stage: Stage) -> float | None:
    """Return a first guess of the seconds for a pixel; None with a model whose pace nobody measured."""
    if stage.method == type(stage)().method:
        return stage.cost / 1e6
    spec = None if own.is_file(stage.method) else stage.network()
    return spec.pace / 1e6 if spec and spec.pace else None


def _key(stage: Stage) -> str:
    """Return what the speed of a stage depends on most."""
    return f"{stage.name} {stage.method} {stage.enlarges}"


def _pixels(plan: Plan, pixels: int) -> list[float]:
    """Return how many pixels each stage takes."""
    counts, now = [], float(pixels)
    for stage in plan.stages:
        counts.append(now)
        now *= stage.enlarges**2
    return counts
