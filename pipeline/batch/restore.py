"""Restore many photographs, each one alone, so that a broken file harms no other."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from models.files import atomic
from models.runtime.engine import Engine
from pipeline.batch.naming import mask_of
from pipeline.batch.report import Report
from pipeline.batch.sources import OWN, Pair, check
from pipeline.errors import OptionError, PhotoUnwritable, StudioError
from pipeline.mask import read_mask
from pipeline.notices import Notice
from pipeline.photo import Output, Photo, encode_photo, read_photo
from pipeline.plan import Plan
from pipeline.run import Progress, run
from pipeline.stages import examine


@dataclass(frozen=True)
class BatchSettings:
    """What is done to every photograph of a batch."""

    plan: Plan
    output: Output
    max_pixels: int
    strict: bool = False
    overwrite: bool = False
    same_format: bool = False
    """Whether each result is of its photograph's own format, where that can be written, instead of `output.format`."""

    mask: Path | None = None
    """Damage that a person marked, in the proportions of each photograph; or a folder of masks by their names."""

    suggest: frozenset[str] = frozenset()
    """Names of stages to suggest for the photographs that need them."""


def restore_all(
    work: list[Pair], settings: BatchSettings, engine: Engine, progress: Callable[[int, Progress], None]
) -> Iterator[Report]:
    """Restore photograph after photograph, and yield a report of each.

    Parameters
    ----------
    work : list of Pair
        With distinct targets, none of which is a photograph of the run.
    settings : BatchSettings
    engine : Engine
        Runs the networks.
    progress : callable
        Called with the number of the photograph, from 0, and how far it is.

    Raises
    ------
    OptionError
        If an option is wrong for every photograph, or a target is; the latter before anything is written.
    """
    masks = (mask_of(pair.relative, pair.target, settings.mask) for pair in work) if settings.mask else ()
    check(work, filter(None, masks))
    for number, pair in enumerate(work):
        report = restore_file(pair, settings, engine, lambda p, n=number: progress(n, p))  # type: ignore[misc]
        if report.kind == OptionError.__name__:
            raise OptionError(report.error)
        yield report


def restore_file(
    pair: Pair,
    settings: BatchSettings,
    engine: Engine,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Report:
    """Restore one photograph and report on it; a failure is in the report, and nothing is raised.

    Parameters
    ----------
    pair : Pair
    settings : BatchSettings
    engine : Engine
        Runs the networks.
    progress : callable
        Called with how far it is.
    """
    report = Report(str(pair.source), str(pair.target))
    started = time.perf_counter()
    try:
        _restore(pair, settings, engine, report, progress)
        report.status = "done"
    except Exception as error:  # noqa: BLE001 - a broken file harms no other; its report has the reason
        report.error, report.kind = reason(error), type(error).__name__
    report.seconds = time.perf_counter() - started
    return report


def reason(error: Exception) -> str:
    """Return why something failed, for a person, in one line."""
    if isinstance(error, StudioError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}. Check the path, the permissions and the room on the disk."
    if isinstance(error, MemoryError):
        return "The photograph does not fit into memory; lower --max-pixels or --scale."
    return f"This is a fault of the studio, please report it: {type(error).__name__}: {error}"


def _restore(
    pair: Pair, settings: BatchSettings, engine: Engine, report: Report, progress: Callable[[Progress], None]
) -> None:
    """Restore one photograph and fill in its report."""
    if pair.target.exists() and not settings.overwrite:
        msg = f"{pair.target} exists; choose another output or add --overwrite."
        raise PhotoUnwritable(msg)
    photo = read_photo(pair.source, max_pixels=settings.max_pixels, strict=settings.strict, page=pair.page)
    report.original_size, report.working_size = photo.original_size, photo.size
    _write(photo, pair, settings, engine, report, progress)
    date = pair.source.stat().st_mtime_ns  # often the only date of a scan
    os.utime(pair.target, ns=(date, date))
    if settings.suggest:
        findings = examine(photo.pixels, engine)
        suggested = [findings[name].suggestion for name in findings if name in settings.suggest]
        report.notices += [notice for notice in suggested if notice is not None]


def _write(
    photo: Photo,
    pair: Pair,
    settings: BatchSettings,
    engine: Engine,
    report: Report,
    progress: Callable[[Progress], None],
) -> None:
    """Restore, encode and write; the large pictures are freed before anything else is examined."""
    output, changed = _output(photo, settings)
    path, missing = _mask_file(pair, settings)
    mask, resized = (None, ()) if path is None else read_mask(path, photo)
    result = run(settings.plan, photo, engine, mask=mask, progress=progress)
    count = len(settings.plan.stages)
    progress(Progress("encode", count, count, 0.0))
    finished = settings.plan.finish.apply(result.pixels)
    encoded = encode_photo(finished, photo, output, history=result.history, guesses=result.guesses)
    atomic.write(pair.target, encoded.data)
    progress(Progress("encode", count, count, 1.0))
    report.size = (finished.shape[1], finished.shape[0])
    report.stages = list(result.timings)
    report.format = output.format
    report.notices = [*missing, *resized, *result.notices, *changed, *encoded.notices]


def _output(photo: Photo, settings: BatchSettings) -> tuple[Output, list[Notice]]:
    """Return how a photograph's result is written, and a notice if its own format was asked for and cannot be."""
    if not settings.same_format:
        return settings.output, []
    form = OWN.get(photo.format)
    told = [] if form else [Notice("format-not-written", format=photo.format)]
    return replace(settings.output, format=form or "png"), told


def _mask_file(pair: Pair, settings: BatchSettings) -> tuple[Path | None, list[Notice]]:
    """Return the mask that a person drew for a photograph, and a notice if a folder of masks has none for it."""
    if settings.mask is None:
        return None, []
    path = mask_of(pair.relative, pair.target, settings.mask)
    return path, [Notice("mask-missing", name=pair.source.name)] if path is None else []
