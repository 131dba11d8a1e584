"""Read the mask that a person drew."""

from pathlib import Path

import cv2
import numpy as np

from pipeline.arrays import Mask, Plane
from pipeline.errors import PhotoError
from pipeline.notices import Notice
from pipeline.photo import DECODE_LIMIT, Photo, read_photo

THRESHOLD = 0.5
"""What is lighter is damage, or more opaque where transparency marks it."""


def read_mask(path: Path, photo: Photo, name: str | None = None) -> tuple[Mask, tuple[Notice, ...]]:
    """Read a mask that somebody drew: light where the photograph is damaged, or opaque on a transparent layer.

    Parameters
    ----------
    path : Path
        A picture file, in the proportions of the photograph.
    photo : Photo
        What is to be repaired.
    name : str, optional
        What errors call the file, such as ``""`` where a person does not know it; that of `path` by default.

    Returns
    -------
    mask : ndarray of bool, shape (H, W)
        True where the photograph is damaged; of its size.
    notices : tuple of Notice
        One if the mask was of another size than the photograph and its file.

    Raises
    ------
    PhotoError
        If it is not a picture, or its proportions are others: it belongs to another photograph.
    """
    called = f"mask {path.name if name is None else name}".rstrip()
    try:
        drawn = read_photo(path, max_pixels=DECODE_LIMIT)
    except PhotoError as error:
        msg = f"The {called} cannot be used. {error}"
        raise PhotoError(msg) from error
    (width, height), (w0, h0) = photo.size, drawn.size
    if abs(h0 * width - w0 * height) > max(height, width, h0, w0):
        msg = (
            f"Expected a mask in the proportions of the photograph, {width}x{height}, got {w0}x{h0} in the {called}. "
            "Choose the mask that belongs to it, or draw it over the whole photograph."
        )
        raise PhotoError(msg)
    notices = () if drawn.size in (photo.size, photo.original_size) else (_resized(drawn, photo),)
    return cv2.resize(_marks(drawn), (width, height), interpolation=cv2.INTER_LINEAR) > THRESHOLD, notices


def _resized(drawn: Photo, photo: Photo) -> Notice:
    (w0, h0), (w1, h1) = drawn.size, photo.size
    return Notice("mask-resized", w0=w0, h0=h0, w1=w1, h1=h1)


def _marks(drawn: Photo) -> Plane:
    """Return what marks the damage, in [0, 1]: the opacity where it varies, else the lightness.

    Opacity counts in parts of the greatest, so that strokes of a soft brush mark damage too.
    """
    if drawn.alpha is not None and drawn.alpha.min() < THRESHOLD * drawn.alpha.max():
        return drawn.alpha / drawn.alpha.max()
    return np.asarray(cv2.cvtColor(drawn.pixels, cv2.COLOR_RGB2GRAY), np.float32)
