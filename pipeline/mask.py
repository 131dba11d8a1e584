"""Read the mask that a person drew."""

from pathlib import Path

import cv2

from pipeline.arrays import Mask, Plane
from pipeline.errors import PhotoError
from pipeline.methods.filters import luma
from pipeline.photo import DECODE_LIMIT, Photo, read_photo

THRESHOLD = 0.5
"""What is lighter is damage, or more opaque where transparency marks it."""


def read_mask(path: Path, height: int, width: int) -> Mask:
    """Read a mask that somebody drew: light where the photograph is damaged, or opaque on a transparent layer.

    Parameters
    ----------
    path : Path
        A picture file, in the proportions of the photograph.
    height, width : int
        Of the picture to repair; a mask of another size is brought to it.

    Raises
    ------
    PhotoError
        If it is not a picture, or its proportions are others: it belongs to another photograph.
    """
    try:
        drawn = read_photo(path, max_pixels=DECODE_LIMIT)
    except PhotoError as error:
        msg = f"The mask {path.name} cannot be used. {error}"
        raise PhotoError(msg) from error
    grey = _marks(drawn)
    if abs(grey.shape[0] * width - grey.shape[1] * height) > max(height, width, *grey.shape):
        msg = (
            f"Expected a mask in the proportions of the photograph, {width}x{height}, got {grey.shape[1]}x"
            f"{grey.shape[0]} in {path}. Choose the mask that belongs to it, or draw it over the whole photograph."
        )
        raise PhotoError(msg)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR) > THRESHOLD


def _marks(drawn: Photo) -> Plane:
    """Return what marks the damage, in [0, 1]: the opacity where it varies, else the lightness."""
    if drawn.alpha is not None and drawn.alpha.min() < THRESHOLD < drawn.alpha.max():
        return drawn.alpha
    return luma(drawn.pixels)
