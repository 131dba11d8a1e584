"""Guided upsampling: enlarge values computed at a small size along the edges of the full-size picture."""

import cv2
import numpy as np

from pipeline.arrays import Image, Plane

_WINDOW = (3, 3)


def guided_upsample(values: Image, guide: Plane, *, edge: float) -> Image:
    """Return `values` at the size of `guide`, with edges where the guide has them.

    As in the guided filter, the values around each small pixel are fitted by a linear function of the guide. The slope
    of that function, enlarged, adds the detail of the full-size guide to the bilinear enlargement. Unlike the guided
    filter, this leaves the small values unchanged: with true colours at a sixteenth of the side, the result was closer
    to the photographs than the guided filter's and than bilinear enlargement.

    Parameters
    ----------
    values : ndarray of float32, shape (h, w, C)
        At the small size.
    guide : ndarray of float32, shape (H, W)
        For example the luminance, at full size and with the aspect ratio of `values`.
    edge : float
        Standard deviation of the guide within a window, in the guide's units, above which it counts as an edge; weaker
        grain hardly changes the values.

    Returns
    -------
    ndarray of float32, shape (H, W, C)

    References
    ----------
    .. [1] K. He, J. Sun and X. Tang, "Guided Image Filtering", ECCV 2010.
    .. [2] K. He and J. Sun, "Fast Guided Filter", 2015: coefficients at the small size.
    """
    height, width = guide.shape

    def enlarged(x: Image) -> Image:
        return cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)

    small = cv2.resize(guide, values.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    output = enlarged(_slope(values, small, edge))
    output *= guide[..., None] - enlarged(small)
    output += enlarged(values)
    return output


def _slope(values: Image, guide: Plane, edge: float) -> Image:
    """Return the slope of the values over the guide in the window around each pixel."""
    centre = _mean(guide)
    variance = np.maximum(_mean(guide**2) - centre**2, 0)
    covariance = _mean(guide * values) - centre * _mean(values)
    return covariance / (variance + np.float32(edge**2))


def _mean(x: Image) -> Image:
    """Return the mean over the window around each pixel."""
    return cv2.blur(x, _WINDOW, borderType=cv2.BORDER_REPLICATE).reshape(x.shape)  # cv2.blur drops a last axis of 1
