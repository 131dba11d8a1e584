"""Predicted colours against true ones, folder by folder, at several saturations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality import metrics, plates, sheet
from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.errors import PhotoError
from pipeline.methods.filters import luma
from pipeline.methods.lab import to_lab
from pipeline.photo import read_photo
from pipeline.stages import Colorize

HEAD = "| folder | saturation | de00 | grey | color | blotches | pictures |\n|---|---|---|---|---|---|---|"

_FLAT = 0.5
"""Largest step of L between neighbouring pixels in a flat place."""
_SCALE = 2.0
"""Sigma, in pixels, of the blur before blotches are measured, so that fine noise is not one."""
_HALVINGS = 7


@dataclass(frozen=True)
class Pair:
    """A photograph in its true colours and in grey, both RGB in [0, 1], shape (H, W, 3)."""

    name: str
    folder: str
    truth: Image
    grey: Image


def read(root: Path, *, three_plates: bool = False) -> list[Pair]:
    """Return every photograph under a folder.

    Parameters
    ----------
    root : Path
        Pictures are grouped by the folders in it.
    three_plates : bool
        Whether each picture is a scan of three plates for `plates.rebuilt`.

    Raises
    ------
    PhotoError
        If there are no photographs, or one cannot be read.
    """
    pairs = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        pixels = read_photo(path).pixels
        truth = plates.rebuilt(pixels.mean(axis=2)) if three_plates else pixels
        grey = np.repeat(luma(truth)[..., None], 3, axis=2)
        pairs.append(Pair(path.stem, path.parent.name, truth, grey))
    if not pairs:
        msg = f"Expected colour photographs under {root}, found no files. Choose another folder."
        raise PhotoError(msg)
    return pairs


def tables(pairs: Sequence[Pair], stage: Colorize, engine: Engine, targets: Sequence[float] = ()) -> Iterator[str]:
    """Yield the lines of a table: at the stage's saturation, then at those that reach each colourfulness in `targets`.

    ``de00`` is the mean CIEDE2000, ``grey`` that of grey, ``color`` the colourfulness relative to the truth's,
    ``blotches`` the total variation of ab in flat places relative to the truth's.
    """
    yield HEAD
    for saturation in (stage.saturation, *(saturation_for(target, pairs, stage, engine) for target in targets)):
        scores = [_score(pair, replace(stage, saturation=saturation), engine) for pair in pairs]
        for folder in sorted({pair.folder for pair in pairs}):
            chosen = [score for pair, score in zip(pairs, scores, strict=True) if pair.folder == folder]
            yield _row(folder, saturation, chosen)
        yield _row("all", saturation, scores)


def saturation_for(target: float, pairs: Sequence[Pair], stage: Colorize, engine: Engine) -> float:
    """Return the saturation, 2 at most, at which results are on average `target` times as colourful as the truth."""
    low, high = 0.0, 2.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        chosen = replace(stage, saturation=middle)
        reached = np.mean([metrics.colour_share(restored(pair, chosen, engine), pair.truth) for pair in pairs])
        low, high = (middle, high) if reached < target else (low, middle)
    return round((low + high) / 2, 2)


def restored(pair: Pair, stage: Colorize, engine: Engine) -> Image:
    """Return one photograph with predicted colours."""
    return stage.run(pair.grey, Context(engine))


def make_sheet(pairs: Sequence[Pair], stage: Colorize, engine: Engine, out: Path) -> None:
    """Write a picture file with all photographs in grey, in predicted and in true colours."""
    rows = []
    for pair in pairs:
        shown = {pair.name: pair.grey, "predicted": restored(pair, stage, engine), "true": pair.truth}
        rows.append(np.concatenate([sheet.tile(image, title, cv2.INTER_AREA) for title, image in shown.items()], 1))
    sheet.write(rows, out)


def _score(pair: Pair, stage: Colorize, engine: Engine) -> tuple[float, ...]:
    result = restored(pair, stage, engine)
    return (
        metrics.colour_difference(result, pair.truth),
        metrics.colour_difference(pair.grey, pair.truth),
        metrics.colour_share(result, pair.truth),
        flat_variation(result) / max(flat_variation(pair.truth), 1e-6),
    )


def flat_variation(image: Image) -> float:
    """Return the mean step of ab from pixel to pixel where the luminance is flat; 0 if it is flat nowhere."""
    lab = cv2.GaussianBlur(to_lab(image), (0, 0), _SCALE)
    down, across = (np.abs(np.diff(lab, axis=axis)) for axis in (0, 1))
    steps = [step[..., 1:].sum(axis=-1)[step[..., 0] < _FLAT] for step in (down, across)]
    everywhere = np.concatenate(steps)
    return float(everywhere.mean()) if everywhere.size else 0.0


def _row(folder: str, saturation: float, scores: Sequence[tuple[float, ...]]) -> str:
    means = " | ".join(f"{value:.2f}" for value in np.mean(scores, axis=0))
    return f"| {folder} | {saturation:.2f} | {means} | {len(scores)} |"
