"""Refuse pictures of unusable sizes by their header, before memory is taken."""

from pipeline.codecs.raster import Opened
from pipeline.errors import PhotoTooLarge, PhotoUnreadable

DECODE_LIMIT = 250_000_000
"""Largest number of pixels that is decoded."""

MIN_SIDE = 8
"""Shortest side in pixels."""

MAX_ASPECT = 50
"""Largest ratio of the sides; a panorama of ten frames has about 10."""


def check_header(opened: Opened) -> None:
    """Refuse a picture that is too large, too small or too narrow.

    Raises
    ------
    PhotoTooLarge
        If it is over `DECODE_LIMIT`.
    PhotoUnreadable
        If a side is under `MIN_SIDE`, or the ratio of the sides over `MAX_ASPECT`.
    """
    width, height = opened.size
    what = f"got {opened.format} of {width} x {height}"
    if width * height > DECODE_LIMIT:
        msg = f"Expected a picture of at most {DECODE_LIMIT / 1e6:.0f} million pixels, {what}. Reduce it first."
        raise PhotoTooLarge(msg)
    if min(width, height) < MIN_SIDE:
        msg = f"Expected a picture of at least {MIN_SIDE} pixels a side, {what}. Choose a larger one."
        raise PhotoUnreadable(msg)
    if max(width, height) > MAX_ASPECT * min(width, height):
        msg = f"Expected a picture whose long side is at most {MAX_ASPECT} times the short one, {what}. Crop it first."
        raise PhotoUnreadable(msg)
