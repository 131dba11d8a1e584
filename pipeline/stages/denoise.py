"""Denoise: a network, or an edge-preserving filter whose strength follows the measured noise."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog, own
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import by_strips
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import noise_sigma
from pipeline.notices import Notice
from pipeline.options import choice, number
from pipeline.stage import Finding, Stage

FAST = "fast-denoise"
CLASSICAL = "bilateral"

_DIAMETER = 9
_REACH = 3.0
_FAINT = 0.06
_TOO_FAINT = 0.5 / 255


@dataclass(frozen=True)
class Noise(Finding):
    """How noisy a picture is."""

    sigma: float = 0.0
    """Standard deviation of the noise, on the scale of [0, 1]."""


@dataclass(frozen=True)
class Denoise(Stage):
    """Remove noise and grain.

    The bundled network estimates the noise by itself. The bilateral filter (Tomasi and Manduchi, "Bilateral Filtering
    for Gray and Color Images", 1998) follows the noise that is measured; it is faster and keeps less detail. A clean
    photograph stays as it is.
    """

    name: ClassVar[str] = "denoise"
    summary: ClassVar[str] = "removes grain and sensor noise"
    cost: ClassVar[float] = 0.8

    strength: float = number(
        1.0, low=0, high=3, step=0.1, help="1 removes all noise; values above 1 affect only the bilateral filter"
    )
    model: str = choice(
        FAST,
        [*(spec.id for spec in catalog.for_task("denoise")), CLASSICAL],
        open=True,
        help="fast-denoise is the bundled network; bilateral is a classical filter, faster",
    )

    def network(self) -> ModelSpec | None:
        return None if self.model == CLASSICAL else same_size(own.find(self.model))

    def examine(self, image: Image, context: Context) -> Noise:
        if self.strength == 0:
            return Noise(act=False)
        sigma = noise_sigma(image)
        if sigma < _TOO_FAINT:
            figures = {"sigma": sigma * 255, "limit": _TOO_FAINT * 255}
            return Noise(act=False, notices=(Notice("denoise-skipped", self.name, **figures),))
        return Noise(sigma=sigma)

    def apply(self, image: Image, finding: Noise, context: Context) -> Image:
        spec = self.network()
        if spec is None:
            return self._filter(image, finding.sigma, context)
        clean = infer(spec, image, context)
        return image + min(self.strength, 1.0) * (clean - image)

    def _filter(self, image: Image, sigma: float, context: Context) -> Image:
        # Distance in colour, summed over channels, over which pixels are averaged: 8 sigma for faint noise and 4 sigma
        # beyond, which kept most detail (HaarPSI) on photographs that were not measured on afterwards.
        distance = self.strength * (4 * sigma + min(4 * sigma, _FAINT))

        def smooth(strip: Image) -> Image:
            return np.asarray(cv2.bilateralFilter(strip, _DIAMETER, distance, _REACH), np.float32)

        return by_strips(image, smooth, halo=_DIAMETER // 2, advance=context.advance, reuse=context.reuse)
