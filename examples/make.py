"""Make the example pictures: ``python -m examples.make``.

Photographs from scikit-image, free to share, are damaged by ``training.damage`` and restored by the default plan with
the bundled networks. The last example is one that the studio fails at.
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

SEED = 1839


def tiny(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture with film grain, saved as a JPEG of low quality."""
    return degrade.jpeg(degrade.film_grain(image, 10 / 255, rng), 35)


@dataclass(frozen=True)
class Example:
    """One photograph, how it is damaged, and by how much it is enlarged."""

    name: str
    """Stem of the two files."""

    side: int
    """Pixels of the long side of the damaged picture."""

    damage: Callable[[Image, np.random.Generator], Image]
    scale: float
    source: str = ""
    """Function of ``skimage.data`` that loads the photograph; `name` by default."""

    crop: tuple[slice, slice] = (slice(None), slice(None))
    """Rows and columns that are used."""


EXAMPLES = (
    Example("astronaut", 400, recipes.age, 2),
    Example("coffee", 300, recipes.photographed, 4),
    Example("camera", 360, recipes.age, 2),
    Example("failure", 90, tiny, 4, source="astronaut", crop=(slice(0, 260), slice(130, 330))),
)


def make(example: Example, folder: Path, engine: Engine) -> tuple[Path, Path]:
    """Return the paths of the two pictures that it writes: ``NAME_before.jpg`` and ``NAME_after.jpg``."""
    before, after = folder / f"{example.name}_before.jpg", folder / f"{example.name}_after.jpg"
    loaded = np.asarray(getattr(skimage.data, example.source or example.name)()[example.crop], np.float32) / 255
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
