"""Photographs as they are printed: in dots of one ink, or of three at the angles of printers."""

import cv2
import numpy as np

from pipeline.methods.filters import gaussian, luma
from pipeline.methods.halftone import Screen

ROSETTE = (15, 75, 45)
FINER = 3


def screens(period, *degrees):
    return tuple(Screen(period, np.deg2rad(angle)) for angle in degrees)


def in_grey(image):
    """Return the luma in three equal channels."""
    return np.repeat(luma(image)[..., None], 3, axis=2)


def printed(image, period, *degrees):
    """Return a photograph in dots: one angle prints in black, three print cyan, magenta and yellow."""
    truth = image if len(degrees) == 3 else in_grey(image)
    height, width = truth.shape[:2]
    fine = cv2.resize(truth, (width * FINER, height * FINER), interpolation=cv2.INTER_LINEAR)
    y, x = np.mgrid[: height * FINER, : width * FINER] * (2 * np.pi / (period * FINER))
    planes = []
    for channel, angle in zip(range(3), np.resize(np.deg2rad(degrees), 3), strict=True):
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        threshold = 0.5 + 0.25 * (np.cos(along) + np.cos(across))
        planes.append(np.clip(0.5 + 8 * (fine[..., channel] - threshold), 0, 1))
    dots = cv2.resize(np.dstack(planes).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return 0.05 + 0.9 * gaussian(dots, 0.7)
