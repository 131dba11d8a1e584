"""Enlarge what was computed at a small size so that it keeps to the edges of the full-size picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_WINDOW = (3, 3)


def guided_upsample(values: Array, guide: Array, *, edge: float) -> Array:
    """Enlarge `values` to the size of `guide`, and let them change where the guide does.

    Around each small pixel the values are fitted by a linear function of the guide, as in the guided filter. Its slope
    is enlarged, and adds to the plain enlargement what the small guide has lost of the full one. Unlike the guided
    filter's own answer, this keeps the small values as they are: with true colours at a sixteenth of the side it came
    nearer to the photographs than both that and bilinear enlargement.

    Parameters
    ----------
    values : ndarray of float32, shape (h, w, C)
        At the small size.
    guide : ndarray of float32, shape (H, W)
        Such as the luminance, at full size and in the proportions of `values`.
    edge : float
        Standard deviation of the guide within a window, in its own units, from which it counts as an edge; grain that
        is weaker hardly stirs the values.

    Returns
    -------
    ndarray of float32, shape (H, W, C)

    References
    ----------
    .. [1] K. He, J. Sun and X. Tang, "Guided Image Filtering", ECCV 2010.
    .. [2] K. He and J. Sun, "Fast Guided Filter", 2015: coefficients at the small size.
    """
    height, width = guide.shape

    def enlarged(x: Array) -> Array:
        return cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)

    small = cv2.resize(guide, values.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    output = enlarged(_slope(values, small, edge))
    output *= guide[..., None] - enlarged(small)
    output += enlarged(values)
    return output


def _slope(values: Array, guide: Array, edge: float) -> Array:
    """Return how much the values change with the guide in the window around each pixel."""
    centre = _mean(guide)
    variance = np.maximum(_mean(guide**2) - centre**2, 0)
    covariance = _mean(guide * values) - centre * _mean(values)
    return covariance / (variance + np.float32(edge**2))


def _mean(x: Array) -> Array:
    """Return the mean over the window around each pixel."""
    return cv2.blur(x, _WINDOW, borderType=cv2.BORDER_REPLICATE).reshape(x.shape)  # blur drops a last axis of 1
