"""The same weights through the peers' upscaler and through ours: the same pixels, and in what time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.speed import timing
from models import own
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.photo import read_photo
from pipeline.stages import Upscale

Bytes = NDArray[np.uint8]
Enlarge = Callable[[Bytes], Bytes]

TOLERANCE = 1
"""Steps of 255 by which our float32 may differ from theirs, once both are rounded to 8 bits."""

_PRECISIONS: tuple[Literal["float32", "auto"], ...] = ("float32", "auto")


@dataclass(frozen=True)
class Difference:
    """How far two 8-bit pictures are apart, in steps of 255."""

    largest: int
    mean: float


def compare(photograph: Path, weights: Path, *, rounds: int) -> bool:
    """Print a table of times and differences; return whether our float32 keeps within `TOLERANCE`.

    Parameters
    ----------
    photograph : Path
        Any that the studio reads; both get its pixels as 8-bit RGB.
    weights : Path
        An SRVGGNetCompact or RRDBNet.
    rounds : int
        Paired runs, after one of each that is not timed.

    Raises
    ------
    StudioError
        If a file cannot be read, or holds another network.
    """
    from benchmarks.speed import peers

    photo = read_photo(photograph)
    picture = eight_bits(photo.pixels)
    peer, theirs = peers.real_esrganer(weights)
    contenders: dict[str, Enlarge] = {peer: theirs, **ours(weights)}
    results = {name: enlarge(picture) for name, enlarge in contenders.items()}
    runs = {name: partial(enlarge, picture) for name, enlarge in contenders.items()}
    seconds = timing.take_turns(runs, rounds)
    width, height = photo.size
    print(f"{photo.name}, {width}x{height}, {weights.name}; {rounds} rounds in turns\n{timing.machine()}\n")
    print("| upscaler | median s | min s | times as fast | largest difference | mean difference |")
    print("|---|---|---|---|---|---|")
    for name, taken in seconds.items():
        apart = difference(results[name], results[peer])
        faster = timing.ratio(seconds, peer, name)
        times = f"{median(taken):.2f} | {min(taken):.2f} | {faster:.2f}"
        print(f"| {name} | {times} | {apart.largest}/255 | {apart.mean:.4f}/255 |")
    return difference(results["studio float32"], results[peer]).largest <= TOLERANCE


def ours(weights: Path) -> dict[str, Enlarge]:
    """Return our upscaler by precision: in float32, and in what the processor computes faster, if anything."""
    spec = own.from_file(weights)
    stage = Upscale(scale=spec.scale, model=str(weights))
    ours: dict[str, Enlarge] = {}
    for precision in _PRECISIONS:
        engine = Engine("cpu", precision)
        ours.setdefault(f"studio {engine.network(spec).precision}", partial(_enlarge, stage, engine))
    return ours


def _enlarge(stage: Upscale, engine: Engine, picture: Bytes) -> Bytes:
    return eight_bits(stage.run(picture.astype(np.float32) / np.float32(255), Context(engine)))


def eight_bits(pixels: NDArray[np.float32]) -> Bytes:
    """Round values in [0, 1] to 8 bits, in one pass: whole copies in float would cost more than some stages."""
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255), np.uint8)


def difference(picture: Bytes, reference: Bytes) -> Difference:
    """Return how far two pictures of the same shape are apart."""
    apart = np.abs(picture.astype(np.int16) - reference)
    return Difference(int(apart.max()), float(apart.mean()))
