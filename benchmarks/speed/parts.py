"""How fast the studio is, in parts that can be measured one by one, each a Markdown table."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.speed import processes, races, rivals, timing
from benchmarks.speed.races import Asked
from benchmarks.speed.same_weights import Bytes, eight_bits
from models.runtime.engine import Engine
from pipeline.finish import Finish
from pipeline.photo import Output, encode_photo
from pipeline.run import run
from studio.layers import Layers
from studio.view import View

_COLD_MEGAPIXELS = 0.25
_LARGE = 32
"""Megapixels of a result that is finished and encoded."""

_SCREEN = (1600, 1200)
_FINISH = Finish(blur=0.5, sharpen=0.6)


def tables(only: Sequence[str], asked: Asked) -> Iterator[str]:
    """Yield the lines of the parts that are asked for.

    Parameters
    ----------
    only : sequence of str
        Names of `PARTS`.
    asked : Asked
        Photograph, weights, sizes and rounds.

    Raises
    ------
    StudioError
        If a file cannot be read, or a process fails.
    """
    yield f"{asked.photograph.name}; {asked.rounds} rounds in turns; {timing.machine()}"
    for name in only:
        yield from ("", f"### {name}", "")
        yield from PARTS[name](asked)


def whole_process(asked: Asked) -> Iterator[str]:
    """Yield the table of ``python -m pipeline restore``, from the start to the end."""
    with tempfile.TemporaryDirectory() as folder:
        photo, result = _file(asked, _COLD_MEGAPIXELS, folder), f"{folder}/result.png"
        restore = ["-m", "pipeline", "restore", photo, "-o", result, "--overwrite"]
        empty = {"STUDIO_MODELS": f"{folder}/models"}
        first = processes.measured(restore, empty)
        again = [processes.measured(restore, empty) for _ in range(asked.rounds)]
        imports = processes.measured(["-X", "importtime", *restore], empty).told
    torch = "yes" if any(line.split("|")[-1].strip() == "torch" for line in imports.splitlines()) else "no"
    yield "| process | median s | peak MB | imports torch |"
    yield "|---|---|---|---|"
    yield f"| restore {_COLD_MEGAPIXELS} megapixels, no compiled models yet | {_cost([first])} | |"
    yield f"| restore {_COLD_MEGAPIXELS} megapixels, again | {_cost(again)} | {torch} |"


def first_page(asked: Asked) -> Iterator[str]:
    """Yield the table of the first page in a browser, which requirements-dev.txt brings."""
    if reason := rivals.missing("playwright"):
        yield f"Not measured: {reason}."
        return
    from benchmarks.speed import page

    yield from page.tables(asked)


def memory(asked: Asked) -> Iterator[str]:
    """Yield the table of the most memory that a process takes for the whole default chain."""
    yield "| megapixels | scale | peak MB | s |"
    yield "|---|---|---|---|"
    for megapixels in asked.megapixels:
        for scale in asked.scales:
            with tempfile.TemporaryDirectory() as folder:
                photo, limit = _file(asked, megapixels, folder), str(round(megapixels * 1.1e6))
                size = ["--scale", f"{scale:g}", "--max-pixels", limit, "--deblur-always"]
                spent = processes.measured(["-m", "pipeline", "restore", photo, "-o", f"{folder}/r.png", *size], {})
            yield f"| {megapixels:g} | {scale:g} | {spent.megabytes:.0f} | {spent.seconds:.2f} |"


def encoding(asked: Asked) -> Iterator[str]:
    """Yield the table of a large result on its way into a PNG file, by us and by libpng."""
    small = asked.picture(_LARGE / 16)
    photo = races.as_photo(small)
    result = run(races.restored(4), photo, Engine("cpu")).pixels
    picture = eight_bits(result)
    writers: dict[str, Callable[[], bytes]] = {
        "libpng, level 1": partial(_libpng, picture),
        "Pillow, level 1": partial(_pillow, picture),
        "studio, from float32": lambda: encode_photo(result, photo, Output("png")).data,
    }
    sizes = {name: len(write()) for name, write in writers.items()}
    seconds = timing.take_turns(writers, asked.rounds)
    yield f"PNG of {picture.shape[1]}x{picture.shape[0]} pixels:"
    yield ""
    yield "| writer | median s | MB | times as fast as libpng |"
    yield "|---|---|---|---|"
    for name, taken in seconds.items():
        ratio = timing.ratio(seconds, "libpng, level 1", name)
        yield f"| {name} | {median(taken):.2f} | {sizes[name] / 1e6:.1f} | {ratio:.2f} |"


def finish(asked: Asked) -> Iterator[str]:
    """Yield the table of the live finish on a large result: what a screen shows of it, and the whole."""
    large = asked.picture(_LARGE).astype(np.float32) / np.float32(255)
    height, width = large.shape[:2]
    whole = View(0, 0, width, height, _SCREEN[0], round(_SCREEN[0] * height / width))
    corner = View(width // 3, height // 3, *_SCREEN, *_SCREEN)
    with tempfile.TemporaryDirectory() as folder:
        layers = Layers(Path(folder))
        layers.add("photo", large)
        looks: dict[str, Callable[[], object]] = {
            "the whole, reduced to a screen": lambda: layers.look(whole, [1.0], _FINISH),
            "a part, pixel by pixel": lambda: layers.look(corner, [1.0], _FINISH),
            "all of it, in full": lambda: _FINISH.apply(large),
        }
        for look in looks.values():
            look()
        seconds = timing.take_turns(looks, asked.rounds)
    yield f"{width}x{height} pixels, blur {_FINISH.blur} and sharpen {_FINISH.sharpen}:"
    yield ""
    yield "| finish | median ms |"
    yield "|---|---|"
    for name, taken in seconds.items():
        yield f"| {name} | {median(taken) * 1e3:.0f} |"


PARTS: Mapping[str, Callable[[Asked], Iterator[str]]] = {
    "ceiling": races.most,
    "upscaler": races.upscaler,
    "stages": races.stages,
    "chain": races.chain,
    "process": whole_process,
    "page": first_page,
    "memory": memory,
    "encoding": encoding,
    "finish": finish,
}
"""What can be measured, in the order in which it is told."""


def _file(asked: Asked, megapixels: float, folder: str) -> str:
    path = os.fspath(Path(folder) / "photo.png")
    cv2.imwrite(path, asked.picture(megapixels)[..., ::-1])
    return path


def _cost(spent: Sequence[processes.Spent]) -> str:
    return f"{median(s.seconds for s in spent):.2f} | {median(s.megabytes for s in spent):.0f}"


def _libpng(picture: Bytes) -> bytes:
    _, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def _pillow(picture: Bytes) -> bytes:
    stream = BytesIO()
    Pillow.fromarray(picture).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
