"""Pictures of 8 bits, which every contender takes and returns."""

import cv2
import numpy as np

from pipeline.arrays import Image, Image8


def eight_bits(image: Image) -> Image8:
    """Return values in [0, 1] rounded to 8 bits, in one pass: copies in float would cost more than some stages."""
    return np.asarray(cv2.convertScaleAbs(image, alpha=255), np.uint8)


def unit(picture: Image8) -> Image:
    """Return a picture of 8 bits as values in [0, 1]."""
    return picture.astype(np.float32) / np.float32(255)
