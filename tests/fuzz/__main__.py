"""Read and write damaged files until the minutes are over: ``python -m tests.fuzz --minutes 10 --seed 3``.

Files of every format are changed at random, as the seed says. None may raise an error that is not of the studio, end
this process, take over a gigabyte or over five seconds of computing. Such files are kept, and the exit code is 1.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.codecs.bounds import Bounds
from pipeline.codecs.worker import WorkerLost, workers
from pipeline.errors import PhotoError
from pipeline.photo import MAX_PIXELS, Output, encode_photo, read_photo
from tests.fuzz.mutants import changed, seeds
from tests.fuzz.usage import taken

MEMORY, SECONDS = 1_000_000_000, 5
SMALL = 3_200
FEW = Bounds(100_000_000, 10)
FORMATS = ("png", "jpeg", "webp", "tiff")


def outcome(data: bytes, chance: random.Random) -> str:
    """Read a file and write what was read; return what came of it."""
    cap = SMALL if chance.random() < 0.2 else MAX_PIXELS
    output = Output(chance.choice(FORMATS), metadata=chance.choice(("keep", "no-gps", "strip")))
    try:
        photo = read_photo(data, max_pixels=cap)
        assert np.isfinite(photo.pixels).all()
        assert photo.pixels.min() >= 0
        assert photo.pixels.max() <= 1 + 1e-4
        encode_photo(photo.pixels, photo, output, history="denoise")
    except PhotoError as error:
        return "ended a worker" if isinstance(error.__cause__, WorkerLost) else "refused"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"FOREIGN {type(error).__name__}: {str(error)[:80]}"
    return "read"


def tried(minutes: float, seed: int) -> Iterator[tuple[str, bytes, str]]:
    """Yield what each changed file was, its bytes, and what came of it; faults are in capitals."""
    chance, sound = random.Random(seed), sorted(seeds().items())
    end = time.monotonic() + 60 * minutes
    workers.call(taken, bounds=FEW)
    while time.monotonic() < end:
        name, data = chance.choice(sound)
        data = changed(data, chance)
        before, _ = workers.call(taken, bounds=FEW)
        what = outcome(data, chance)
        after, memory = workers.call(taken, bounds=FEW)
        if what != "ended a worker" and after - before > SECONDS:
            what = f"SLOW: {after - before:.1f} s"
        if memory > MEMORY:
            what = f"LARGE: {memory / 1e6:.0f} MB"
        yield name, data, what


def main() -> int:
    """Run, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz"), help="folder for files with which something failed")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    failed = 0
    for name, data, what in tried(options.minutes, options.seed):
        counts[what] += 1
        if what.isupper() or what[:4].isupper() or (what == "ended a worker" and counts[what] <= 20):
            options.keep.mkdir(parents=True, exist_ok=True)
            path = options.keep / f"{options.seed}-{counts.total()}.bin"
            path.write_bytes(data)
            print(f"{path}: {name}: {what}", flush=True)
            failed += what[:4].isupper()
    for what, count in counts.most_common():
        print(f"{count:8} {what}")
    print(f"{counts.total():8} files, {failed} faults, seed {options.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
