"""Split a picture into overlapping tiles, and blend what comes back; pure functions.

A tile's output is trusted only some way in from its inner borders. Along each axis the outer `margin` of an
overlap is discarded, the rest is faded from one tile to the next by a raised cosine; the weights of all
tiles sum to one at every pixel, so equal tiles blend to themselves. With `margin` at least the radius of a
network the blend equals the untiled result. Learnt from chaiNNer's study of seams (its pull request 2363).
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_STRIP_ROWS = 128
_POOL = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="studio-blend")
"""Large results are in memory that was never touched; on one core the first touch would take longer than the blend."""


@dataclass(frozen=True)
class Span:
    """One tile along one axis: where it lies and how much each of its pixels counts."""

    start: int
    stop: int
    weight: Array
    """Shape ``((stop - start) * scale,)``; zero where the tile is not trusted."""


def spans(side: int, tile: int, margin: int, ramp: int, *, multiple: int = 1, scale: int = 1) -> list[Span]:
    """Cover an axis of `side` pixels with tiles of one size.

    Parameters
    ----------
    side, tile : int
        Length of the axis and the most of a tile, in pixels; a tile longer than the axis covers it alone.
    margin : int
        Pixels discarded at each inner border of a tile.
    ramp : int
        Pixels over which neighbouring tiles fade into each other.
    multiple : int
        Starts are multiples of this; `side` and `tile` must be too.
    scale : int
        Output pixels for one input pixel, for the weights.

    Returns
    -------
    list of Span
        In order; their weights sum to 1 at every output pixel.
    """
    overlap = 2 * margin + ramp
    if tile >= side or tile <= overlap:
        return [Span(0, side, np.ones(side * scale, np.float32))]
    count = -(-(side - overlap) // (tile - overlap))
    tile = -(-(-(-(side - overlap) // count) + overlap) // multiple) * multiple  # as many, and no larger than needed
    starts = [(side - tile) * i // (count - 1) // multiple * multiple for i in range(count)]
    weights = [_weight(tile * scale, margin * scale, ramp * scale, first=s == 0, last=s + tile == side) for s in starts]
    total = np.zeros(side * scale, np.float32)
    for start, weight in zip(starts, weights, strict=True):
        total[start * scale : (start + tile) * scale] += weight
    return [
        Span(s, s + tile, (w / np.maximum(total[s * scale : (s + tile) * scale], 1e-12)).astype(np.float32))
        for s, w in zip(starts, weights, strict=True)
    ]


def _weight(length: int, margin: int, ramp: int, *, first: bool, last: bool) -> Array:
    """Return 1 inside, 0 in the margins, and a raised cosine between; borders of the picture count whole."""
    distance = np.arange(length, dtype=np.float32) + 0.5 - margin
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / max(ramp, 1), 0, 1))
    left = np.ones(length) if first else rise
    right = np.ones(length) if last else rise[::-1]
    return (left * right).astype(np.float32)


def run_tiled(
    run: Callable[[Array], Array],
    image: Array,
    rows: list[Span],
    columns: list[Span],
    *,
    scale: int = 1,
) -> Iterator[tuple[int, int, Array]]:
    """Run a function tile by tile and blend, as a generator that tells how far it is.

    Parameters
    ----------
    run : callable
        Takes (h, w, C) and returns (h * scale, w * scale, D), best of all contiguous; it may write over what it
        returned before.
    image : ndarray of float32, shape (H, W, C)
        The whole input.
    rows, columns : list of Span
        As `spans` gives them for the two axes.
    scale : int
        Output pixels for one input pixel.

    Yields
    ------
    done, count, output : int, int, ndarray of float32, shape (H * scale, W * scale, D)
        After every tile; the output is whole when ``done == count``.
    """
    count = len(rows) * len(columns)
    out: Array | None = None
    for done, (row, column) in enumerate(((r, c) for r in rows for c in columns), start=1):
        y = run(image[row.start : row.stop, column.start : column.stop])
        if count == 1:
            yield 1, 1, y.copy()
            return
        if out is None:
            out = np.zeros((image.shape[0] * scale, image.shape[1] * scale, y.shape[2]), np.float32)
        _blend(out, y, row, column, scale)
        yield done, count, out


def _blend(out: Array, y: Array, row: Span, column: Span, scale: int) -> None:
    """Add one weighted tile to the output, in place, where its weight is not zero."""
    (top, bottom), (left, right) = (_trusted(s.weight) for s in (row, column))
    down, across = row.weight[top:bottom], column.weight[left:right]
    first_row, first_column, depth = row.start * scale + top, column.start * scale + left, out.shape[2]
    # Rows of samples, not of pixels: loops over three channels at a time would cost more than many a network.
    target = out.reshape(out.shape[0], -1)[first_row:, first_column * depth :][: bottom - top, : (right - left) * depth]
    part = y.reshape(y.shape[0], -1)[top:bottom, left * depth : right * depth]
    is_alone = bool((down == 1).all() and (across == 1).all())
    weight = across.repeat(depth)

    def add(first: int) -> None:
        strip = slice(first, first + _STRIP_ROWS)
        if is_alone:
            target[strip] = part[strip]  # no other tile counts here
        else:
            target[strip] += part[strip] * (down[strip, None] * weight)

    list(_POOL.map(add, range(0, len(target), _STRIP_ROWS)))


def _trusted(weight: Array) -> tuple[int, int]:
    """Return the range of a span that counts at all."""
    inside = np.flatnonzero(weight)
    return int(inside[0]), int(inside[-1]) + 1
