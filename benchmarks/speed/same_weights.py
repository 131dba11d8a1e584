"""The same weights in the peers' upscaler and in the studio's: difference of the pixels, and times."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np

from benchmarks.pixels import eight_bits, unit
from benchmarks.speed import timing
from models import own
from models.runtime.engine import Engine
from pipeline.arrays import Image8
from pipeline.context import Context
from pipeline.photo import read_photo
from pipeline.stages import Upscale

Enlarge = Callable[[Image8], Image8]

TOLERANCE = 1
"""Steps of 255 by which the studio's float32 may differ from the peers', both rounded to 8 bits."""

_PRECISIONS: tuple[Literal["float32", "auto"], ...] = ("float32", "auto")


@dataclass(frozen=True)
class Difference:
    """The difference of two 8-bit pictures, in steps of 255."""

    largest: int
    mean: float


def compare(photograph: Path, weights: Path, *, rounds: int) -> bool:
    """Print a table of times and differences; return whether the studio's float32 is within `TOLERANCE`.

    Parameters
    ----------
    photograph : Path
        A photograph; both upscalers take its pixels as 8-bit RGB.
    weights : Path
        File of an SRVGGNetCompact or RRDBNet.
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
    """Return the studio's upscaler in float32 and, if the processor has a faster precision, in that."""
    spec = own.from_file(weights)
    stage = Upscale(scale=spec.scale, model=str(weights))
    ours: dict[str, Enlarge] = {}
    for precision in _PRECISIONS:
        engine = Engine("cpu", precision)
        ours.setdefault(f"studio {engine.network(spec).precision}", partial(_enlarge, stage, engine))
    return ours


def _enlarge(stage: Upscale, engine: Engine, picture: Image8) -> Image8:
    return eight_bits(stage.run(unit(picture), Context(engine)))


def difference(picture: Image8, reference: Image8) -> Difference:
    """Return the difference of two pictures of the same shape."""
    apart = np.abs(picture.astype(np.int16) - reference)
    return Difference(int(apart.max()), float(apart.mean()))
