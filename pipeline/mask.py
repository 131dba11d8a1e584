"""Read the mask that a person drew."""

from pathlib import Path

import cv2

from pipeline.arrays import Mask
from pipeline.errors import PhotoError
from pipeline.methods.filters import luma
from pipeline.photo import DECODE_LIMIT, read_photo

THRESHOLD = 0.5
"""What is lighter is damage."""


def read_mask(path: Path, height: int, width: int) -> Mask:
    """Read a mask that somebody drew: light where the photograph is damaged.

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
    grey = luma(read_photo(path, max_pixels=DECODE_LIMIT).pixels)
    if abs(grey.shape[0] * width - grey.shape[1] * height) > max(height, width, *grey.shape):
        msg = (
            f"Expected a mask in the proportions of the photograph, {width}x{height}, got {grey.shape[1]}x"
            f"{grey.shape[0]} in {path}. Choose the mask that belongs to it."
        )
        raise PhotoError(msg)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR) > THRESHOLD
