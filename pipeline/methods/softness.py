"""Find where a picture holds less detail than its pixels could, and enlarge it there from half the size.

An upscaler draws contours and patches into the soft edges of an enlarged or unfocused picture. At half the size, those
edges are as steep as in the photographs that it learnt from.
"""

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.filters import luma
from pipeline.methods.measures import slope

_SOFT, _SHARP = 0.17, 0.23
"""What halving may take from edges, as a share of their slope: up to the first the picture is soft, from the second on
it is sharp."""
_REACH = 12.0
"""Sigma, in pixels, of the neighbourhood in which edges are compared."""
_STEEPEST = 95
"""Percentile of the slope from which on edges decide for places that have none."""
_FAINT = 1e-4
"""Weight of those edges, as a squared slope."""
_ALL = 255
_STRIP_ROWS = 64
_MARGIN = 2
"""Rows of the smaller picture that cubic interpolation reaches beyond a strip."""


def halved(image: Image) -> Image:
    """Return a picture at half the size; an odd side is padded with its last row or column first."""
    height, width = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = (even.shape[1] // 2, even.shape[0] // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.float32)


def sharpness(image: Image) -> Plane:
    """Return where a picture is sharp: 0 where halving it would take nothing, 1 where it would take detail.

    Grain counts as detail, so denoise first.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; sides of 2 pixels or more.

    Returns
    -------
    ndarray of float32, shape (H, W)
        In [0, 1], smooth.
    """
    grey = luma(image)
    height, width = grey.shape
    rebuilt = cv2.resize(halved(grey), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)[:height, :width]
    loss, edges = np.abs(grey - rebuilt), slope(grey)
    steep = edges >= np.percentile(edges, _STEEPEST)
    usual = float(loss[steep].mean() / max(edges[steep].mean(), 1e-6))
    lost, had = (cv2.GaussianBlur(x, (0, 0), _REACH) for x in (loss * edges, edges * edges))
    share = ((lost + _FAINT * usual) / (had + _FAINT) - _SOFT) / (_SHARP - _SOFT)
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def blend(large: Image, small: Image, share: Plane) -> Image:
    """Put a smaller version of a picture, enlarged by 2, where the larger one is not to be used.

    Parameters
    ----------
    large : ndarray of float32, shape (H, W, 3)
        Overwritten.
    small : ndarray of float32, shape (h, w, 3)
        The same picture; 2 h and 2 w are H and W or a little more.
    share : ndarray of float32
        Share of the larger one, shape in proportion.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        The same array as `large`.
    """
    height, width = large.shape[:2]
    levels = np.rint(share * _ALL).astype(np.uint8)  # a quarter of the memory
    levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    for top in range(0, len(small), _STRIP_ROWS):
        rows = slice(2 * top, min(2 * (top + _STRIP_ROWS), height))
        if levels[rows].min(initial=_ALL) == _ALL:
            continue
        first = max(top - _MARGIN, 0)
        part = small[first : top + _STRIP_ROWS + _MARGIN]
        part = np.clip(cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0, 1)
        strip = part[rows.start - 2 * first : rows.stop - 2 * first, :width]
        large[rows] -= strip
        large[rows] *= np.divide(levels[rows, :, None], _ALL, dtype=np.float32)
        large[rows] += strip
    return large
