"""Restore many photographs, each one alone, so that a broken file harms no other."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.files import atomic
from models.runtime.engine import Engine
from pipeline import disk
from pipeline.batch.buckets import Object, at_hand
from pipeline.batch.faults import fault, reason
from pipeline.batch.naming import mask_of
from pipeline.batch.overlap import overlapped
from pipeline.batch.report import Report
from pipeline.batch.sources import OWN, Pair, check
from pipeline.errors import DiskFull, JournalUnusable, OptionError, PhotoUnwritable
from pipeline.mask import read_mask
from pipeline.notices import Notice
from pipeline.photo import Output, Photo, encode_photo, read_photo
from pipeline.plan import Plan
from pipeline.run import Progress, run
from pipeline.stages import examine

T = TypeVar("T")
INSTANCE = "xmp.iid:"
"""What the identity of a file begins with in XMP; the key of a result follows."""

FULL = "The disk is full. Free some space and run the same command again: it goes on where it stopped."


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


@dataclass
class Item:
    """A photograph on its way from its file to its result."""

    pair: Pair
    report: Report
    number: int
    """Which of the run it is, from 0."""

    key: str = ""
    """Of the result, for its metadata; not written if empty."""

    photo: Photo | None = None
    """Set by `load`."""

    finished: NDArray[np.float32] | None = None
    """Set by `develop`; shape (H, W, 3)."""


def item_of(pair: Pair, number: int) -> Item:
    """Return the item of a photograph."""
    return Item(pair, Report(str(pair.source), str(pair.target), status="open"), number)


def restore_all(
    work: list[Pair], settings: BatchSettings, engine: Engine, progress: Callable[[int, Progress], None]
) -> Iterator[Report]:
    """Restore photograph after photograph, and yield a report of each; a failure is in its report.

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
    DiskFull
        If there is no room for a result.
    """
    check_all(work, settings)
    items = (item_of(pair, number) for number, pair in enumerate(work))
    steps = (lambda item: load(item, settings)), (lambda item: write(item, encode(item, settings)))
    for item in through(items, settings, engine, progress, *steps):
        yield item.report


def check_all(work: list[Pair], settings: BatchSettings) -> None:
    """Refuse to replace a photograph or a mask of the run, or one result by another.

    Raises
    ------
    OptionError
        Before anything is written.
    """
    masks = (mask_of(pair.relative, pair.target, settings.mask) for pair in work) if settings.mask else ()
    check(work, filter(None, masks))


def through(
    items: Iterator[Item],
    settings: BatchSettings,
    engine: Engine,
    progress: Callable[[int, Progress], None],
    load: Callable[[Item], None],
    save: Callable[[Item], None],
) -> Iterator[Item]:
    """Yield items after their three steps; the next is loaded and the last saved while one is restored.

    Parameters
    ----------
    items : iterator of Item
    settings, engine, progress
        As for `restore_all`.
    load : callable
        Reads the photograph of an item, or sets the status of its report where there is nothing to do.
    save : callable
        Writes its result.

    Raises
    ------
    OptionError, DiskFull, JournalUnusable
        Which end the whole run.
    """

    def develop_one(item: Item) -> None:
        develop(item, settings, engine, lambda p: progress(item.number, p))
        progress(item.number, _encoding(settings, 0.0))

    def save_one(item: Item) -> None:
        save(item)
        progress(item.number, _encoding(settings, 1.0))

    return overlapped(
        items,
        lambda item: _attempt(item, lambda: load(item)),
        lambda item: _attempt(item, lambda: develop_one(item)),
        lambda item: _attempt(item, lambda: save_one(item)),
    )


def _attempt(item: Item, step: Callable[[], None]) -> None:
    """Take one step of an unfinished item; its failure and time go into the report.

    Raises
    ------
    OptionError, DiskFull, JournalUnusable
        Which end the whole run.
    """
    if item.report.status != "open":
        return
    started = time.perf_counter()
    try:
        step()
    except (OptionError, DiskFull, JournalUnusable):
        raise
    except Exception as error:
        if isinstance(error, OSError) and disk.is_full(error):
            raise DiskFull(FULL) from error
        item.report.status, item.report.error = "failed", reason(error)
        item.report.kind, item.report.fault = type(error).__name__, fault(error)
        item.photo = item.finished = None
    finally:
        item.report.seconds += time.perf_counter() - started


def load(item: Item, settings: BatchSettings) -> None:
    """Read the photograph of an item."""
    pair = item.pair
    if pair.target.exists() and not settings.overwrite:
        msg = f"{pair.target} exists; choose another output or add --overwrite."
        raise PhotoUnwritable(msg)
    with at_hand(pair.source) as file:
        read(item, file, settings)


def read(item: Item, file: Path, settings: BatchSettings) -> None:
    """Read the photograph of an item from a file that is at hand, whatever lies at its target."""
    name, page = item.pair.source.name, item.pair.page
    photo = read_photo(file, name=name, max_pixels=settings.max_pixels, strict=settings.strict, page=page)
    item.report.original_size, item.report.working_size = photo.original_size, photo.size
    item.photo = photo


def develop(item: Item, settings: BatchSettings, engine: Engine, progress: Callable[[Progress], None]) -> None:
    """Restore the photograph of an item; its own pixels are freed."""
    photo, report = _has(item.photo), item.report
    path, missing = _mask_file(item.pair, settings)
    mask, resized = (None, ()) if path is None else read_mask(path, photo)
    result = run(settings.plan, photo, engine, mask=mask, progress=progress)
    report.stages = list(result.timings)
    report.notices = [*missing, *resized, *result.notices]
    item.finished = settings.plan.finish.apply(result.pixels)
    report.history, report.guesses = result.history, result.guesses
    del result
    if settings.suggest:
        findings = examine(photo.pixels, engine, infrared=photo.infrared)
        suggested = [findings[name].suggestion for name in findings if name in settings.suggest]
        report.notices += [notice for notice in suggested if notice is not None]


def encode(item: Item, settings: BatchSettings) -> bytes:
    """Return the file of a restored item; its pictures are freed."""
    photo, finished, report = _has(item.photo), _has(item.finished), item.report
    output, changed = _output(photo, settings)
    instance = f"{INSTANCE}{item.key}" if item.key else ""
    encoded = encode_photo(
        finished,
        photo,
        output,
        history=report.history,
        guesses=report.guesses,
        instance=instance,
    )
    report.size, report.format = (finished.shape[1], finished.shape[0]), output.format
    report.notices += [*changed, *encoded.notices]
    item.photo = item.finished = None
    return encoded.data


def write(item: Item, data: bytes) -> None:
    """Write the result of an item, with the date of its photograph's file where files have one of their own."""
    source, target = item.pair.source, item.pair.target
    if isinstance(target, Object):
        target.write_bytes(data)
    else:
        date = source.stat().st_mtime_ns  # often the only date of a scan
        atomic.write(target, data, durable=True)
        os.utime(target, ns=(date, date))
    item.report.status = "done"


def _encoding(settings: BatchSettings, fraction: float) -> Progress:
    """Return the progress of the step that follows the stages."""
    count = len(settings.plan.stages)
    return Progress("encode", count, count, fraction)


def _has(made: T | None) -> T:
    """Return what an earlier step of an item made."""
    if made is None:
        msg = "The steps of an item follow each other."
        raise RuntimeError(msg)
    return made


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
