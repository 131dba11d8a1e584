"""Denoise: a network, or a gentle edge-preserving filter that is as strong as the noise it measures."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog, own
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import by_strips
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import noise_sigma
from pipeline.options import choice, number
from pipeline.stage import Stage

FAST = "fast-denoise"
CLASSICAL = "bilateral"

_DIAMETER = 9
_REACH = 3.0
_FAINT = 0.06
_TOO_FAINT = 0.5 / 255


@dataclass(frozen=True)
class Denoise(Stage):
    """Take away noise and grain.

    The network in the box finds out by itself how much there is. The bilateral filter (Tomasi and Manduchi, "Bilateral
    Filtering for Gray and Color Images", 1998) follows the noise that is measured; it is quicker and keeps less
    detail. A clean photograph stays as it is.
    """

    name: ClassVar[str] = "denoise"
    summary: ClassVar[str] = "takes away grain and sensor noise"

    strength: float = number(
        1.0, low=0, high=3, step=0.1, help="1 removes all noise; values above 1 affect only the bilateral filter"
    )
    model: str = choice(
        FAST,
        [*(spec.id for spec in catalog.for_task("denoise")), CLASSICAL],
        open=True,
        help="fast-denoise is the network in the box, bilateral a classical filter, quicker",
    )

    def apply(self, image: Image, context: Context) -> Image:
        if self.strength == 0:
            return image
        sigma = noise_sigma(image)
        if sigma < _TOO_FAINT:
            context.notice("denoise-skipped", "Denoise: the photo has no noise worth removing; left as it is.")
            return image
        if self.model != CLASSICAL:
            clean = infer(same_size(own.find(self.model)), image, context)
            return image + min(self.strength, 1.0) * (clean - image)
        return self._filter(image, sigma, context)

    def _filter(self, image: Image, sigma: float, context: Context) -> Image:
        # Distance in colour, summed over channels, over which pixels are averaged: 8 sigma for faint noise and 4 sigma
        # beyond, which kept most detail (HaarPSI) on photographs that were not measured on afterwards.
        distance = self.strength * (4 * sigma + min(4 * sigma, _FAINT))

        def smooth(strip: Image) -> Image:
            return np.asarray(cv2.bilateralFilter(strip, _DIAMETER, distance, _REACH), np.float32)

        return by_strips(image, smooth, halo=_DIAMETER // 2, advance=context.advance, reuse=context.reuse)
