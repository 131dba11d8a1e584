"""Run a function over overlapping tiles and blend the results without seams.

Along each axis, the outer `margin` of a tile is discarded at each inner border, and the rest of the overlap is blended
with a raised cosine. The weights sum to 1 at every pixel. If `margin` is at least the radius of a network's receptive
field, the result equals the untiled one. After chaiNNer's study of seams (its pull request 2363).
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.arrays import Image

_STRIP_ROWS = 128
_POOL = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="studio-blend")
"""Threads for blending. The first write to fresh memory is slow; on one core it would take longer than the blend."""


class Tileable(Protocol):
    """A picture, or what gives tiles like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width first."""

    def __getitem__(self, place: tuple[slice, slice]) -> Image:
        """Return a tile, shape (h, w, C)."""


@dataclass(frozen=True)
class Span:
    """One tile along one axis: its position, and the weight of each of its pixels."""

    start: int
    stop: int
    weight: Image
    """Shape ``((stop - start) * scale,)``; 0 in discarded margins."""


def spans(side: int, tile: int, margin: int, ramp: int, *, multiple: int = 1, scale: int = 1) -> list[Span]:
    """Return tiles of one size that cover an axis of `side` pixels.

    Parameters
    ----------
    side, tile : int
        Length of the axis and largest length of a tile, in pixels. A tile at least as long as the axis covers it alone.
    margin : int
        Pixels discarded at each inner border of a tile.
    ramp : int
        Pixels over which neighbouring tiles are blended.
    multiple : int
        Tiles start at multiples of this; `side` and `tile` must be multiples too.
    scale : int
        Output pixels per input pixel.

    Returns
    -------
    list of Span
        From first to last; their weights sum to 1 at every output pixel.
    """
    overlap = 2 * margin + ramp
    if tile >= side or tile <= overlap:
        return [Span(0, side, np.ones(side * scale, np.float32))]
    count = -(-(side - overlap) // (tile - overlap))
    tile = -(-(-(-(side - overlap) // count) + overlap) // multiple) * multiple  # as many tiles, as small as possible
    starts = [(side - tile) * i // (count - 1) // multiple * multiple for i in range(count)]
    weights = [_weight(tile * scale, margin * scale, ramp * scale, first=s == 0, last=s + tile == side) for s in starts]
    total = np.zeros(side * scale, np.float32)
    for start, weight in zip(starts, weights, strict=True):
        total[start * scale : (start + tile) * scale] += weight
    return [
        Span(s, s + tile, (w / np.maximum(total[s * scale : (s + tile) * scale], 1e-12)).astype(np.float32))
        for s, w in zip(starts, weights, strict=True)
    ]


def _weight(length: int, margin: int, ramp: int, *, first: bool, last: bool) -> Image:
    """Return 1 inside, 0 in the margins, and a raised cosine between; at borders of the picture there is no margin."""
    distance = np.arange(length, dtype=np.float32) + 0.5 - margin
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / max(ramp, 1), 0, 1))
    left = np.ones(length) if first else rise
    right = np.ones(length) if last else rise[::-1]
    return (left * right).astype(np.float32)


def run_tiled(
    run: Callable[[Image], Image],
    image: Tileable,
    rows: list[Span],
    columns: list[Span],
    *,
    scale: int = 1,
) -> Iterator[tuple[int, int, Image]]:
    """Yield the progress and the blended output after every tile.

    Parameters
    ----------
    run : callable
        Takes (h, w, C) and returns (h * scale, w * scale, D), preferably contiguous. It may reuse the memory of its
        previous result.
    image : ndarray of float32, shape (H, W, C)
        The whole input.
    rows, columns : list of Span
        Tiles along the two axes, from `spans`.
    scale : int
        Output pixels per input pixel.

    Yields
    ------
    done, count : int
        Tiles done, and their number.
    output : ndarray of float32, shape (H * scale, W * scale, D)
        Complete when ``done == count``.
    """
    count = len(rows) * len(columns)
    out: Image | None = None
    for done, (row, column) in enumerate(((r, c) for r in rows for c in columns), start=1):
        y = run(image[row.start : row.stop, column.start : column.stop])
        if count == 1:
            yield 1, 1, y.copy()
            return
        if out is None:
            out = np.zeros((image.shape[0] * scale, image.shape[1] * scale, y.shape[2]), np.float32)
        _blend(out, y, row, column, scale)
        yield done, count, out


def _blend(out: Image, y: Image, row: Span, column: Span, scale: int) -> None:
    """Add one weighted tile to the output, in place."""
    (top, bottom), (left, right) = (_trusted(s.weight) for s in (row, column))
    down, across = row.weight[top:bottom], column.weight[left:right]
    first_row, first_column, depth = row.start * scale + top, column.start * scale + left, out.shape[2]
    # Whole rows of samples: inner loops over three channels would take longer than a small network.
    target = out.reshape(out.shape[0], -1)[first_row:, first_column * depth :][: bottom - top, : (right - left) * depth]
    part = y.reshape(y.shape[0], -1)[top:bottom, left * depth : right * depth]
    is_alone = bool((down == 1).all() and (across == 1).all())
    weight = across.repeat(depth)

    def add(first: int) -> None:
        strip = slice(first, first + _STRIP_ROWS)
        if is_alone:
            target[strip] = part[strip]  # no other tile contributes here
        else:
            target[strip] += part[strip] * (down[strip, None] * weight)

    list(_POOL.map(add, range(0, len(target), _STRIP_ROWS)))


def _trusted(weight: Image) -> tuple[int, int]:
    """Return the range of non-zero weights."""
    inside = np.flatnonzero(weight)
    return int(inside[0]), int(inside[-1]) + 1
