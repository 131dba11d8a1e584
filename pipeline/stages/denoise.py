"""Denoise: a gentle edge-preserving filter, as strong as the noise that it measures."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from pipeline.filters import by_strips, noise_sigma
from pipeline.options import number
from pipeline.stage import Context, Image, Stage

_DIAMETER = 9
_REACH = 3.0
_FAINT = 0.06
_TOO_FAINT = 0.5 / 255


@dataclass(frozen=True)
class Denoise(Stage):
    """Bilateral filter (Tomasi and Manduchi, "Bilateral Filtering for Gray and Color Images", 1998).

    It follows the noise that is measured, so a clean photograph stays as it is.
    """

    name: ClassVar[str] = "denoise"
    summary: ClassVar[str] = "takes away grain and sensor noise"

    strength: float = number(1.0, low=0, high=3, step=0.1, help="filter strength; 1 follows the noise that is measured")

    def apply(self, image: Image, context: Context) -> Image:
        if self.strength == 0:
            return image
        sigma = noise_sigma(image)
        if sigma < _TOO_FAINT:
            context.notice("denoise-skipped", "Denoise: the photo has no noise worth removing; left as it is.")
            return image
        # Distance in colour, summed over channels, over which pixels are averaged: 8 sigma for faint noise and 4 sigma
        # beyond, which kept most detail (HaarPSI) on photographs that were not measured on afterwards.
        distance = self.strength * (4 * sigma + min(4 * sigma, _FAINT))

        def smooth(strip: Image) -> Image:
            return np.asarray(cv2.bilateralFilter(strip, _DIAMETER, distance, _REACH), np.float32)

        return by_strips(image, smooth, halo=_DIAMETER // 2, advance=context.advance)
