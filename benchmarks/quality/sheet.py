"""A contact sheet: the same part of each photograph, as it is, interpolated, and restored by several plans."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw

from models import catalog
from models.runtime.engine import Engine
from pipeline.arrays import Image, Image8, Mask
from pipeline.errors import OptionError, PhotoError
from pipeline.methods.faces import FINDER, find
from pipeline.photo import MAX_PIXELS, Photo, read_photo
from pipeline.plan import Plan, arrange, stage
from pipeline.run import run
from pipeline.stages import Repair

TILE = 384
"""Side of one picture on the sheet, in pixels."""
LINE = 20
"""Height of the title above it, in pixels."""
QUALITY = 92
"""Quality of the sheet where it is a JPEG."""
_AROUND = 1.6
"""Side of the square that shows a face, in longer sides of its box."""
_RED = (1.0, 0.0, 0.0)


def plan(text: str) -> Plan:
    """Return the plan of a line of stages and options, such as ``denoise upscale.scale=4 upscale.crisp=1``.

    Raises
    ------
    OptionError
        If a stage or an option is unknown, or a value is out of range.
    """
    options: dict[str, dict[str, Any]] = {}
    for word in text.split():
        name, _, assignment = word.partition(".")
        key, _, value = assignment.partition("=")
        options.setdefault(name, {}).update({key: _value(value)} if key else {})
    return arrange(stage(name, chosen) for name, chosen in options.items())


def make(
    photographs: Sequence[Path], plans: Sequence[str], out: Path, engine: Engine, *, side: int, faces: bool = False
) -> None:
    """Write a sheet with one row for each photograph: the input, its bicubic enlargement, and one column for each plan.

    Parameters
    ----------
    photographs : sequence of Path
        Photographs to restore.
    plans : sequence of str
        Lines for `plan`; they are also the titles.
    out : Path
        Picture file to write.
    engine : Engine
        Runs the networks.
    side : int
        Side of the part that is shown, in pixels of the photograph; the part with most detail is chosen.
    faces : bool
        Show each face in a row of its own, the largest of a photograph first, in place of that part.

    Raises
    ------
    PhotoError
        If a photograph cannot be read.
    OptionError
        If a plan cannot be read.
    """
    chosen = {text: plan(text) for text in plans}
    rows = [row for path in photographs for row in _rows(path, chosen, engine, None if faces else side)]
    write(rows, out)


def make_of_damage(photographs: Sequence[Path], plans: Sequence[str], out: Path, engine: Engine) -> None:
    """Write a sheet of whole photographs: as they are, with the filled pixels in red, and restored.

    Parameters and errors are those of `make`; every plan contains Repair.
    """
    chosen = [plan(text) for text in plans or ["denoise repair"]]
    if not all(any(step.name == Repair.name for step in one.stages) for one in chosen):
        msg = f"Expected plans that repair, got {', '.join(plans)}. Add repair to each."
        raise OptionError(msg)
    write([_row_of_damage(path, chosen, engine) for path in photographs], out)


def write(rows: Sequence[Image8], out: Path) -> None:
    """Write rows of tiles, one below the other, as a picture file.

    Raises
    ------
    PhotoError
        If there are no rows.
    """
    if not rows:
        msg = "Expected photographs, or faces on them, for the sheet, got none. Give other files."
        raise PhotoError(msg)
    width = max(row.shape[1] for row in rows)
    sheet = np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
    Pictures.fromarray(sheet).save(out, quality=QUALITY)


def _rows(path: Path, plans: dict[str, Plan], engine: Engine, side: int | None) -> Iterator[Image8]:
    """Yield the row of the part with most detail, or those of all faces where no side is given."""
    photo = read_photo(path, max_pixels=MAX_PIXELS)
    squares = _faces(photo.pixels, engine) if side is None else [_busiest(photo.pixels, side)]
    results = {title: run(chosen, photo, engine).pixels for title, chosen in plans.items() if squares}
    for top, left, size in squares:
        part = photo.pixels[top : top + size, left : left + size]
        tiles = [tile(part, path.stem, cv2.INTER_NEAREST), tile(part, "bicubic", cv2.INTER_CUBIC)]
        for title, result in results.items():
            scale = result.shape[0] / photo.pixels.shape[0]
            rows, columns = (slice(round(start * scale), round((start + size) * scale)) for start in (top, left))
            tiles.append(tile(result[rows, columns], title, cv2.INTER_AREA))
        yield np.concatenate(tiles, axis=1)


def _faces(image: Image, engine: Engine) -> list[tuple[int, int, int]]:
    """Return top, left and side of a square around each face, the largest first."""
    squares = []
    for face in find(image, engine.network(catalog.get(FINDER))):
        left, top, width, height = face.box
        side = min(round(_AROUND * max(width, height)), *image.shape[:2])
        corner = np.round((top + height / 2 - side / 2, left + width / 2 - side / 2)).astype(int)
        row, column = np.clip(corner, 0, np.array(image.shape[:2]) - side).tolist()
        squares.append((row, column, side))
    return squares


def _row_of_damage(path: Path, plans: Sequence[Plan], engine: Engine) -> Image8:
    photo = read_photo(path, max_pixels=MAX_PIXELS)
    tiles = [tile(_square(photo.pixels), path.stem, cv2.INTER_AREA)]
    for chosen in plans:
        result = run(chosen, photo, engine).pixels
        filled = _filled(chosen, photo, engine)
        marked = np.where(filled[..., None], np.array(_RED, np.float32), photo.pixels)
        tiles += [
            tile(_square(marked), f"filled: {filled.mean():.2%}", cv2.INTER_AREA),
            tile(_square(result), "result", cv2.INTER_AREA),
        ]
    return np.concatenate(tiles, axis=1)


def _filled(chosen: Plan, photo: Photo, engine: Engine) -> Mask:
    """Return where Repair changes the picture."""
    index = [each.name for each in chosen.stages].index(Repair.name)
    before = run(arrange(chosen.stages[:index]), photo, engine).pixels
    after = run(arrange(chosen.stages[index : index + 1]), replace(photo, pixels=before), engine).pixels
    return np.asarray((before != after).any(axis=2))


def _square(image: Image) -> Image:
    """Return a picture resized to fit a tile and padded with black."""
    height, width = image.shape[:2]
    factor = TILE / max(height, width)
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    small = cv2.resize(image, (max(round(width * factor), 1), max(round(height * factor), 1)), interpolation=kind)
    return np.pad(small, ((0, TILE - small.shape[0]), (0, TILE - small.shape[1]), (0, 0)))


def _busiest(image: Image, side: int) -> tuple[int, int, int]:
    """Return top, left and side of the square with the steepest gradients."""
    side = min(side, *image.shape[:2])
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    steep = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    sums = cv2.boxFilter(steep, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    inside = sums[: image.shape[0] - side + 1, : image.shape[1] - side + 1]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(top), int(left), side


def tile(image: Image, title: str, interpolation: int) -> Image8:
    """Return a picture resized to a tile, with its title above."""
    if image.shape[0] < TILE and interpolation == cv2.INTER_AREA:
        interpolation = cv2.INTER_NEAREST  # show the pixels themselves
    shown = np.clip(cv2.resize(image, (TILE, TILE), interpolation=interpolation), 0, 1)
    tile = np.zeros((TILE + LINE, TILE, 3), np.uint8)
    tile[LINE:] = np.rint(shown * 255)
    canvas = Pictures.fromarray(tile)
    ImageDraw.Draw(canvas).text((4, 4), title, fill="white")
    return np.asarray(canvas)


def _value(text: str) -> Any:
    """Return a number or a truth value, or else the text itself."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    if isinstance(value, (int, float)):  # a bool is an int
        return value
    msg = f"Expected a number, true, false or a name for an option, got {text!r}. Change --plan."
    raise OptionError(msg)
