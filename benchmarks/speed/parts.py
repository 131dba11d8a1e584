"""Measurements of speed that can be chosen one by one, each a Markdown table."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median

import cv2
from PIL import Image as Pillow

from benchmarks.pixels import eight_bits
from benchmarks.speed import page, processes, races, timing
from benchmarks.speed.races import Request
from models.runtime.engine import Engine
from pipeline.arrays import Image8
from pipeline.photo import Output, encode_photo
from pipeline.run import run

_SMALL = 0.25
"""Megapixels of the photograph that a whole process restores."""
_LARGE = 32
"""Megapixels of the result that is encoded."""


def tables(only: Sequence[str], request: Request) -> Iterator[str]:
    """Yield the lines of the chosen parts.

    Parameters
    ----------
    only : sequence of str
        Names of `PARTS`.
    request : Request
        Photograph, weights, sizes and rounds.

    Raises
    ------
    StudioError
        If a file cannot be read, or a process fails.
    """
    yield f"{request.photograph.name}; {request.rounds} rounds in turns; {timing.machine()}"
    for name in only:
        yield from ("", f"### {name}", "")
        yield from PARTS[name](request)


def whole_process(request: Request) -> Iterator[str]:
    """Yield the table of ``python -m pipeline restore``, from start to end."""
    with tempfile.TemporaryDirectory() as folder:
        photo, result = _file(request, _SMALL, folder), f"{folder}/result.png"
        restore = ["-m", "pipeline", "restore", photo, "-o", result, "--overwrite"]
        empty = {"STUDIO_MODELS": f"{folder}/models"}
        first = processes.measured(restore, empty)
        again = [processes.measured(restore, empty) for _ in range(request.rounds)]
        imports = processes.measured(["-X", "importtime", *restore], empty).stderr
    torch = "yes" if any(line.split("|")[-1].strip() == "torch" for line in imports.splitlines()) else "no"
    yield "| process | median s | peak MB | imports torch |"
    yield "|---|---|---|---|"
    yield f"| restore {_SMALL} megapixels, no compiled models yet | {_medians([first])} | |"
    yield f"| restore {_SMALL} megapixels, again | {_medians(again)} | {torch} |"


def memory(request: Request) -> Iterator[str]:
    """Yield the table of a process's peak memory in the whole default chain."""
    yield "| megapixels | scale | peak MB | s |"
    yield "|---|---|---|---|"
    for megapixels in request.megapixels:
        for scale in request.scales:
            with tempfile.TemporaryDirectory() as folder:
                photo, limit = _file(request, megapixels, folder), str(round(megapixels * 1.1e6))
                size = ["--scale", f"{scale:g}", "--max-pixels", limit, "--deblur-always"]
                cost = processes.measured(["-m", "pipeline", "restore", photo, "-o", f"{folder}/r.png", *size], {})
            yield f"| {megapixels:g} | {scale:g} | {cost.megabytes:.0f} | {cost.seconds:.2f} |"


def encoding(request: Request) -> Iterator[str]:
    """Yield the table of a large result's encoding as PNG, by the studio, libpng and Pillow."""
    small = request.picture(_LARGE / 16)
    photo = races.as_photo(small)
    result = run(races.restored(4), photo, Engine("cpu")).pixels
    picture = eight_bits(result)
    writers: dict[str, Callable[[], bytes]] = {
        "libpng, level 1": partial(_libpng, picture),
        "Pillow, level 1": partial(_pillow, picture),
        "studio, from float32": lambda: encode_photo(result, photo, Output("png")).data,
    }
    sizes = {name: len(write()) for name, write in writers.items()}
    seconds = timing.take_turns(writers, request.rounds)
    yield f"PNG of {picture.shape[1]}x{picture.shape[0]} pixels:"
    yield ""
    yield "| writer | median s | MB | times as fast as libpng |"
    yield "|---|---|---|---|"
    for name, taken in seconds.items():
        ratio = timing.ratio(seconds, "libpng, level 1", name)
        yield f"| {name} | {median(taken):.2f} | {sizes[name] / 1e6:.1f} | {ratio:.2f} |"


PARTS: Mapping[str, Callable[[Request], Iterator[str]]] = {
    "ceiling": races.ceilings,
    "upscaler": races.upscaler,
    "stages": races.stages,
    "chain": races.chain,
    "process": whole_process,
    "page": page.start,
    "memory": memory,
    "encoding": encoding,
    "finish": page.finish,
}
"""All parts, in the order in which they are printed."""


def _file(request: Request, megapixels: float, folder: str) -> str:
    path = os.fspath(Path(folder) / "photo.png")
    cv2.imwrite(path, request.picture(megapixels)[..., ::-1])
    return path


def _medians(costs: Sequence[processes.Cost]) -> str:
    return f"{median(c.seconds for c in costs):.2f} | {median(c.megabytes for c in costs):.0f}"


def _libpng(picture: Image8) -> bytes:
    _, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def _pillow(picture: Image8) -> bytes:
    stream = BytesIO()
    Pillow.fromarray(picture).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
