"""Fillers on true masks, and detectors against them, as Markdown tables."""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality import damage, metrics
from benchmarks.quality.stages import find_photographs, read_truth
from models.runtime.engine import Engine
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.methods.detection import find
from pipeline.methods.inpainting import AUTO, fill
from training.learning.masks import f1, hits

WIDTHS = (5, 15, 40)
"""Widths of drawn damage, in pixels."""

MEASURES = ("psnr", "ssim", "haarpsi")

_LINES = 4
_EMPTY = 0.95
"""Grey level of a hole, which fillers must not use."""


def fillers(folder: Path, names: Sequence[str], engine: Engine) -> Iterator[str]:
    """Yield the lines of a table: each filler on the masks of the task ``scratches``, and on lines of each width.

    Parameters
    ----------
    folder : Path
        Undamaged photographs.
    names : sequence of str
        Fillers for `pipeline.methods.inpainting.fill`.
    engine : Engine
        Runs the networks.

    Raises
    ------
    PhotoError
        If the folder holds no photographs.
    """
    yield f"| damage | filler | {' | '.join(MEASURES)} | seconds | pictures |"
    yield f"|---|---|{'---|' * (len(MEASURES) + 2)}"
    cases = {"scratches": _scratches} | {f"{width} px": _drawn(width) for width in WIDTHS}
    for title, damaged in cases.items():
        ways = {Path(name).name: partial(fill, filler=name) for name in names}
        if AUTO in names:
            ways[f"{AUTO}, looking through"] = partial(fill, filler=AUTO, through=True)
        scores: dict[str, list[list[float]]] = {"none": [], **{name: [] for name in ways}}
        for path in find_photographs(folder):
            truth = read_truth(path)
            if truth is None:
                continue
            holed, mask = damaged(truth, path.stem)
            truth = truth[: mask.shape[0], : mask.shape[1]]
            scores["none"].append([*_score(holed, truth), 0.0])
            for name, way in ways.items():
                started = time.perf_counter()
                filled = way(holed, mask, context=Context(engine))
                scores[name].append([*_score(filled, truth), time.perf_counter() - started])
        for name, rows in scores.items():
            means = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
            yield f"| {title} | {name} | {means} | {len(rows)} |"


def detectors(folder: Path, names: Sequence[str], engine: Engine) -> Iterator[str]:
    """Yield the lines of a table: each detector on the task ``scratches``, and on undamaged photographs.

    F1 is computed over all pixels of all photographs; marks may miss by 2 pixels.

    Parameters
    ----------
    folder, engine
        As in `fillers`.
    names : sequence of str
        Detectors for `pipeline.methods.detection.find`.
    """
    yield "| detector | F1 | precision | recall | % of whole photographs marked | seconds | pictures |"
    yield "|---|---|---|---|---|---|---|"
    for name in names:
        counts, wrong, seconds = np.zeros(4, np.int64), [], []
        for path in find_photographs(folder):
            truth = read_truth(path)
            if truth is None:
                continue
            damaged, mask = _scratches(truth, path.stem)
            started = time.perf_counter()
            found = find(damaged, name, 0.5, Context(engine))
            seconds.append(time.perf_counter() - started)
            counts += hits(found, mask)
            wrong.append(find(truth, name, 0.5, Context(engine)).mean())
        right, marked, seen, there = counts.tolist()
        shares = f"{right / max(marked, 1):.3f} | {seen / max(there, 1):.3f} | {100 * np.mean(wrong):.3f}"
        figures = f"{f1(right, marked, seen, there):.3f} | {shares} | {np.mean(seconds):.2f}"
        yield f"| {Path(name).name} | {figures} | {len(seconds)} |"


def _scratches(truth: Image, name: str) -> tuple[Image, Mask]:
    """Return the damaged picture of the task ``scratches``, and the mask of changed pixels."""
    case = damage.make("scratches", name, truth)
    return case.damaged, (case.damaged != case.truth).any(axis=2)


def _drawn(width: int) -> Callable[[Image, str], tuple[Image, Mask]]:
    """Return a function that cuts lines of a width out of a picture."""

    def cut(truth: Image, name: str) -> tuple[Image, Mask]:
        rng = np.random.default_rng(zlib.crc32(f"{width}/{name}".encode()))
        cover = np.zeros(truth.shape[:2], np.uint8)
        for _ in range(_LINES):
            ends = rng.uniform(0, 1, (2, 2)) * truth.shape[1::-1]
            first, last = (end.round().astype(int).tolist() for end in (ends[0], ends[0] + (ends[1] - ends[0]) * 0.6))
            cv2.line(cover, first, last, 1, width)
        mask = cover.astype(bool)
        holed = truth.copy()
        holed[mask] = _EMPTY
        return holed, mask

    return cut


def _score(result: Image, truth: Image) -> list[float]:
    return list(metrics.score(result, truth, MEASURES).values())
