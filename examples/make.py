"""Make the example pictures: ``python -m examples.make``.

Photographs that are free to share (they come with scikit-image) are aged by the studio's own damage, and restored
by the studio's own default plan with the models in the box.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from skimage.color import gray2rgb

from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import simple
from pipeline.run import run
from training.damage import degrade, recipes

SEED = 1839  # the year that photography was given to the world


@dataclass(frozen=True)
class Example:
    """One photograph and what befalls it."""

    name: str
    """The file's stem, and the name of scikit-image's function that loads it."""

    side: int
    """Pixels of the long side of the damaged picture."""

    damage: Callable[[Image, np.random.Generator], Image]
    scale: float


EXAMPLES = (
    Example("astronaut", 400, recipes.age, 2),
    Example("coffee", 300, recipes.photographed, 4),
    Example("camera", 360, recipes.age, 2),
)


def make(example: Example, folder: Path, engine: Engine) -> tuple[Path, Path]:
    """Write one example as ``NAME_before.jpg`` and ``NAME_after.jpg``; return the two paths."""
    before, after = folder / f"{example.name}_before.jpg", folder / f"{example.name}_after.jpg"
    loaded = np.asarray(getattr(skimage.data, example.name)(), np.float32) / 255
    truth = loaded if loaded.ndim == 3 else gray2rgb(loaded)
    factor = example.side / max(truth.shape[:2])
    size = (round(truth.shape[1] * factor), round(truth.shape[0] * factor))
    small = np.asarray(cv2.resize(truth, size, interpolation=cv2.INTER_AREA), np.float32)
    damaged = example.damage(small, np.random.default_rng(SEED))
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(before), cv2.cvtColor(degrade.to_bytes(damaged), cv2.COLOR_RGB2BGR))
    photo = read_photo(before)
    result = run(simple(example.scale), photo, engine)
    after.write_bytes(encode_photo(result.pixels, photo, Output("jpeg"), history=result.history).data)
    return before, after


def main() -> None:
    """Make all examples."""
    parser = argparse.ArgumentParser(description="Make the example pictures anew.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder (default: examples)")
    folder = parser.parse_args().out
    for example in EXAMPLES:
        print(*make(example, folder, Engine()))


if __name__ == "__main__":
    main()
