"""Many files: each one restored by itself, so that a broken one harms no other."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.runtime.engine import Engine
from pipeline.batch.report import Report
from pipeline.batch.sources import Task
from pipeline.disk import write_safely
from pipeline.errors import OptionError, PhotoUnwritable, StudioError
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import Plan
from pipeline.run import Progress, run
from pipeline.stages import suggestions


@dataclass(frozen=True)
class Order:
    """What is asked of every photograph of a batch."""

    plan: Plan
    output: Output
    max_pixels: int
    strict: bool = False
    overwrite: bool = False
    suggest: frozenset[str] = frozenset()
    """Stages to suggest for the photographs that need them; see `pipeline.stages`."""


def restore_all(
    work: list[Task], order: Order, engine: Engine, progress: Callable[[int, Progress], None]
) -> Iterator[Report]:
    """Restore photograph after photograph, and yield a report of each.

    Parameters
    ----------
    work : list of Task
        Two tasks with one target: the second fails rather than overwrite the first.
    order : Order
        What to do.
    engine : Engine
        Runs the networks.
    progress : callable
        Told the number of the task, from 0, and how far it is.
    """
    written: set[Path] = set()
    for number, task in enumerate(work):
        report = Report(str(task.source), str(task.target))
        started = time.perf_counter()
        try:
            _refuse_overwriting(task, order, written)
            _restore(task, order, engine, report, lambda p, n=number: progress(n, p))  # type: ignore[misc]
            written.add(task.target)
            report.status = "done"
        except OptionError:  # wrong for every photograph, not for this one
            raise
        except Exception as error:  # noqa: BLE001 - one photograph harms no other, and its report tells of it
            report.error = _told(error)
        report.seconds = time.perf_counter() - started
        yield report


def _told(error: Exception) -> str:
    if isinstance(error, StudioError | OSError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The photo does not fit into memory; lower --max-pixels or --scale."
    return f"Something went wrong inside the studio, please report it: {type(error).__name__}: {error}"


def _refuse_overwriting(task: Task, order: Order, written: set[Path]) -> None:
    if task.target in written:
        msg = f"{task.target} was just written for another photograph of the same name; rename one of them."
        raise PhotoUnwritable(msg)
    if task.target.exists() and not order.overwrite:
        msg = f"{task.target} exists; choose another output or add --overwrite."
        raise PhotoUnwritable(msg)


def _restore(task: Task, order: Order, engine: Engine, report: Report, progress: Callable[[Progress], None]) -> None:
    """Restore one photograph and fill in its report."""
    photo = read_photo(task.source, max_pixels=order.max_pixels, strict=order.strict)
    result = run(order.plan, photo, engine, progress=progress)
    count = len(order.plan.stages)
    progress(Progress("encode", count, count, 0.0))
    finished = order.plan.finish.apply(result.pixels)
    encoded = encode_photo(finished, photo, order.output, history=result.history, guesses=result.guesses)
    write_safely(task.target, encoded.data)
    progress(Progress("encode", count, count, 1.0))
    report.original_size, report.working_size = photo.original_size, photo.size
    report.size = (finished.shape[1], finished.shape[0])
    report.stages = list(result.timings)
    report.notices = [*result.notices, *encoded.notices]
    del result, finished, encoded  # the largest pictures there are, before another network takes memory
    if order.suggest:
        report.notices += [why for name, why in suggestions(photo.pixels, engine).items() if name in order.suggest]
