"""Prints that `pipeline.scans` finds on composed scans, whose outlines are known, as a Markdown table."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality.compose import KINDS, Sheet, compose
from benchmarks.quality.stages import find_photographs, read_truth
from pipeline import scans
from pipeline.arrays import Image
from pipeline.errors import PhotoError
from pipeline.scans import Outline

CORNER = 3.0
"""How far a corner may be from its place, in pixels."""

ANGLE = 0.2
"""How far the angle of a print may be from the truth, in degrees; a picture in perspective has none."""

_MOST_PIXELS = 2_000_000
"""Photographs are reduced to this before they become prints."""


@dataclass
class Tally:
    """Counts of one kind of scan."""

    sheets: int = 0
    prints: int = 0
    found: int = 0
    wrong: int = 0
    """Outlines that are none of the prints."""

    right: int = 0
    """Scans on which every print is found and nothing else."""

    seconds: list[float] = field(default_factory=list)

    def add(self, sheet: Sheet, outlines: Sequence[Outline], seconds: float) -> None:
        """Count one scan."""
        hits = matches(sheet.outlines, outlines)
        self.sheets += 1
        self.prints += len(sheet.outlines)
        self.found += hits
        self.wrong += len(outlines) - hits
        self.right += hits == len(sheet.outlines) == len(outlines)
        self.seconds.append(seconds)


def table(folder: Path, count: int, seed: int) -> Iterator[str]:
    """Yield the lines of a table: the share of prints found on composed scans, by kind.

    A print is found if every corner is within `CORNER` of its place and the angle within `ANGLE`.

    Parameters
    ----------
    folder : Path
        Photographs that become prints; each is also a scan that holds one picture without a border.
    count : int
        How many scans to compose, of each kind in turn.
    seed : int
        Of the random numbers.

    Raises
    ------
    PhotoError
        If the folder holds no photographs.
    """
    photographs = [picture for path in find_photographs(folder) if (picture := _reduced(read_truth(path))) is not None]
    if not photographs:
        msg = f"Expected photographs of at least 64 pixels a side in {folder}, found none. Choose another folder."
        raise PhotoError(msg)
    tallies: dict[str, Tally] = {}
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        sheet = compose(photographs, kind, np.random.default_rng((seed, number)))
        _judge(sheet, tallies.setdefault(kind, Tally()))
    for photograph in photographs:
        _judge(Sheet(photograph, ()), tallies.setdefault("no border", Tally()))
    yield "| scans | scans right | prints | found | wrong outlines | s a scan |"
    yield "|---|---|---|---|---|---|"
    for kind, tally in tallies.items():
        share = f"{tally.found} ({tally.found / tally.prints:.0%})" if tally.prints else "-"
        right = f"{tally.right} of {tally.sheets}"
        yield f"| {kind} | {right} | {tally.prints} | {share} | {tally.wrong} | {np.median(tally.seconds):.2f} |"


def matches(truth: Sequence[Outline], outlines: Sequence[Outline]) -> int:
    """Return how many of the true outlines are found."""
    return sum(any(_same(true, found) for found in outlines) for true in truth)


def _same(true: Outline, found: Outline) -> bool:
    away = np.linalg.norm(np.subtract(true.corners, found.corners), axis=1).max()
    return bool(away <= CORNER and (not true.is_rectangle or abs(true.angle - found.angle) <= ANGLE))


def _judge(sheet: Sheet, tally: Tally) -> None:
    started = time.perf_counter()
    outlines = scans.find(sheet.image)
    tally.add(sheet, outlines, time.perf_counter() - started)


def _reduced(picture: Image | None) -> Image | None:
    if picture is None or picture.shape[0] * picture.shape[1] <= _MOST_PIXELS:
        return picture
    factor = (_MOST_PIXELS / (picture.shape[0] * picture.shape[1])) ** 0.5
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32)
