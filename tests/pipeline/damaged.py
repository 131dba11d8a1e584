"""Photographs with known damage."""

import cv2
import numpy as np

from tests.photographs import photograph


def scratched(name="coffee", side=384, tone=0.97):
    """Return a photograph, a copy with three scratches and some dust, and the mask of the damage."""
    truth = photograph(name, side)
    height, width = truth.shape[:2]
    cover = np.zeros((height, width), np.uint8)
    for x, lean in ((0.2, 12), (0.5, -20), (0.8, 5)):
        cv2.line(cover, (int(x * width), 0), (int(x * width) + lean, height - 1), 255, 2)
    for x, y in ((0.35, 0.3), (0.65, 0.7), (0.1, 0.8)):
        cv2.circle(cover, (int(x * width), int(y * height)), 2, 255, -1)
    mask = cover > 0
    image = truth.copy()
    image[mask] = tone
    return truth, image, mask
