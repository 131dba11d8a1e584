"""What a run will take, estimated from a few of its photographs."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from models.runtime.engine import Engine
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings, restore_all
from pipeline.batch.sources import Pair
from pipeline.run import Progress

MOST = 6
"""Photographs of a sample; the first one, which loads the networks, is not timed."""


@dataclass(frozen=True)
class Estimate:
    """What a run will take."""

    photographs: int
    tried: int
    failed: int
    """Photographs of the sample that cannot be restored."""

    pixels: float
    """Of all photographs, as their files have them."""

    nbytes: float
    """Of all results."""

    seconds: float


def estimate(
    work: list[Pair], settings: BatchSettings, engine: Engine, progress: Callable[[int, Progress], None]
) -> Estimate:
    """Restore a few photographs into a temporary folder, and return what all of them will take.

    Parameters
    ----------
    work : list of Pair
        What is left of the run.
    settings, engine, progress
        As for `pipeline.batch.restore.restore_all`.
    """
    step = max(len(work) / MOST, 1.0)
    chosen = [work[int(number * step)] for number in range(min(MOST, len(work)))]
    with tempfile.TemporaryDirectory(prefix="restoration-sample-") as folder:
        pairs = [replace(pair, target=Path(folder) / f"{n}{pair.target.suffix}") for n, pair in enumerate(chosen)]
        reports: list[Report] = []
        ends = []
        for report in restore_all(pairs, settings, engine, progress):
            reports.append(report)
            ends.append(time.perf_counter())
        sizes = [pair.target.stat().st_size for pair in pairs if pair.target.exists()]
    done = [report for report in reports if report.status == "done"]
    spans = [later - earlier for earlier, later in pairwise(ends)]
    seconds = sum(spans) / len(spans) if spans else sum(report.seconds for report in reports)
    share = len(work) / max(len(chosen), 1)
    return Estimate(
        photographs=len(work),
        tried=len(chosen),
        failed=len(reports) - len(done),
        pixels=share * sum(width * height for width, height in (report.original_size for report in done)),
        nbytes=share * sum(sizes),
        seconds=seconds * len(work),
    )
