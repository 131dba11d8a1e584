"""Luma, Gaussian blur, and filtering in strips, for several stages."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from pipeline.arrays import Image

_STRIP_PIXELS = 500_000
_CACHED_PIXELS = 16_384
_WORKERS = min(os.cpu_count() or 1, 8)
"""Strips filtered at once; each needs several times its own memory."""


def luma(image: Image) -> Image:
    """Return the Rec. 601 luma, shape (H, W), of an RGB picture, shape (H, W, 3)."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def gaussian(image: Image, sigma: float) -> Image:
    """Return the picture blurred by a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def blend(image: Image, changed: Image, share: float) -> Image:
    """Return `changed` itself, overwritten by a share of its difference from a picture; no further memory is used."""
    changed -= image
    changed *= share
    changed += image
    return changed


def by_strips(
    image: Image,
    apply: Callable[[Image], Image],
    *,
    halo: int,
    advance: Callable[[float], None],
    reuse: bool = False,
) -> Image:
    """Return a picture filtered strip by strip, so that a large one needs little extra memory.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, C)
        Not modified unless `reuse` is set.
    apply : callable
        A filter that keeps the shape and reads at most `halo` rows above and below.
    halo : int
        Rows of neighbours added above and below each strip.
    advance : callable
        Called with the share done, in [0, 1], before each group of strips; may raise to stop.
    reuse : bool
        Overwrite `image`. Only the rows that the next strip reads are copied first.

    Returns
    -------
    ndarray of float32, shape (H, W, C)
        The same values in both cases; with `reuse`, a view of the memory of `image`.
    """
    height, width = image.shape[:2]
    rows = max(_STRIP_PIXELS // width, 4 * halo, 16)
    output = image[:] if reuse else np.empty_like(image)
    wave = rows * _WORKERS
    above = image[:0]
    with ThreadPoolExecutor(_WORKERS) as pool:
        for top in range(0, height, wave):
            advance(top / height)
            bottom = min(top + wave, height)
            first, last = max(top - halo, 0), min(bottom + halo, height)
            wide = np.concatenate([above, image[top:last]]) if reuse else image[first:last]
            above = wide[max(bottom - halo, 0) - first : bottom - first]
            _fill(output[top:bottom], wide, top - first, rows, halo, lambda strips: pool.map(apply, strips))
    return output


def _fill(
    target: Image, source: Image, offset: int, rows: int, halo: int, run: Callable[[list[Image]], Iterable[Image]]
) -> None:
    """Filter the rows of `source` from `offset` on into `target`, in parallel strips."""
    tops = range(0, len(target), rows)
    starts = [max(offset + top - halo, 0) for top in tops]
    strips = [source[start : offset + top + rows + halo] for start, top in zip(starts, tops, strict=True)]
    for top, start, strip in zip(tops, starts, run(strips), strict=True):
        part = target[top : top + rows]
        part[:] = strip[offset + top - start :][: len(part)]


def unsharp(image: Image, *, amount: float, radius: float, threshold: float) -> Image:
    """Return the picture under an unsharp mask.

    Differences are shrunk by the threshold rather than cut at it, so that no edge of the mask shows.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    amount, radius, threshold : float
        Share of the difference that is added; sigma in pixels; least difference.
    """
    result = gaussian(image, radius)
    rows = max(_CACHED_PIXELS // image.shape[1], 1)
    for top in range(0, image.shape[0], rows):  # few enough at a time to stay in the processor's cache
        original, difference = image[top : top + rows], result[top : top + rows]
        np.subtract(original, difference, out=difference)
        if threshold > 0:
            difference -= np.clip(difference, -threshold, threshold)
        difference *= amount
        difference += original
        np.clip(difference, 0.0, 1.0, out=difference)
    return result
