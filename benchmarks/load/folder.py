"""A run over a folder of many photographs: how much of the time the networks work, and whether memory stays flat."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from benchmarks.load.watch import percentile, resident
from pipeline.batch.history import History

ROOT = Path(__file__).parents[2]
_MOTIFS = ("astronaut", "coffee", "chelsea", "rocket")
_EVERY_S = 0.5
_LOADING = 2
"""Photographs that are not counted: the first loads the networks, and is told after the second one's stages."""

_PARTS = 4


@dataclass(frozen=True)
class Folder:
    """What is restored."""

    photographs: int = 200
    megapixels: float = 2.0
    scale: float = 2.0


def lines(folder: Folder) -> Iterator[str]:
    """Yield the lines of the report."""
    with tempfile.TemporaryDirectory(prefix="benchmark-folder-") as place:
        source, out = Path(place, "in"), Path(place, "out")
        source.mkdir()
        for number in range(folder.photographs):
            cv2.imwrite(str(source / f"{number:04}.jpg"), _photograph(number, folder.megapixels))
        moments, memory = _restored(source, out, folder.scale)
        reports = [row.report for row in History(out).rows("done")][_LOADING:]
    if len(moments) < folder.photographs:
        yield f"Only {len(moments)} of {folder.photographs} photographs were restored."
        return
    elapsed = moments[-1] - moments[0]  # a result is told when the stages of the next photograph have run
    stages = sum(stage["seconds"] for report in reports for stage in report["stages"])
    beside = sum(report["seconds"] for report in reports) - stages
    yield f"{len(moments)} photographs of {folder.megapixels:g} megapixels at x{folder.scale:g}, without the first two:"
    yield f"{elapsed / len(reports):.2f} s a photograph; the networks worked {stages / elapsed:.1%} of the time."
    yield f"Reading, writing and waiting took {beside / len(reports):.2f} s a photograph, mostly meanwhile."
    parts = [memory[k * len(memory) // _PARTS : (k + 1) * len(memory) // _PARTS] for k in range(_PARTS)]
    yield f"Memory in MB, median and peak of each quarter: {', '.join(_of(part) for part in parts)}."


def _photograph(number: int, megapixels: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Return a photograph with grain, another one for each number, as BGR."""
    motif = cv2.cvtColor(getattr(skimage.data, _MOTIFS[number % len(_MOTIFS)])(), cv2.COLOR_RGB2BGR)
    factor = (megapixels * 1e6 / (motif.shape[0] * motif.shape[1])) ** 0.5
    size = int(motif.shape[1] * factor), int(motif.shape[0] * factor)
    large = cv2.resize(np.roll(motif, 7 * number, axis=1), size, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(number).normal(0, 4, large.shape)
    return np.clip(large + grain, 0, 255).astype(np.uint8)


def _restored(source: Path, out: Path, scale: float) -> tuple[list[float], list[float]]:
    """Restore a folder; return when each photograph was done, and the memory of all processes meanwhile."""
    command = [sys.executable, "-u", "-m", "pipeline", "restore", str(source), "-o", str(out), "--scale", f"{scale:g}"]
    memory: list[float] = []
    ended = threading.Event()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:

        def watch() -> None:
            while not ended.wait(_EVERY_S):
                memory.append(resident(process.pid))

        thread = threading.Thread(target=watch)
        thread.start()
        moments = [time.monotonic() for line in process.stdout or () if " -> " in line]
        ended.set()
        thread.join()
    return moments, memory


def _of(memory: Sequence[float]) -> str:
    return f"{percentile(memory, 0.5):.0f} and {max(memory):.0f}" if memory else "none"
