"""Denoise: a network, or an edge-preserving filter whose strength follows the measured noise."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog, own
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import blend, by_strips
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import block_measure, noise_sigma
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Finding, Stage

FAST = "fast-denoise"
CLASSICAL = "bilateral"

_DIAMETER = 9
_REACH = 3.0
_FAINT = 0.06
_TOO_FAINT = 0.5 / 255
_BLOCKY = 0.4 / 255
"""Step at the borders of JPEG's blocks above which a photograph without grain is denoised for its compression."""

DOMINANT = "denoise-dominant"
"""Code of the notice that noise dominated; Sharpen follows it."""

_DOMINANT = 5 / 255
"""Change by the network, root mean square, above which noise or compression dominates. Clean photographs have up to 2,
reduced to a quarter up to 2.7. Up to 5 of 255, what simple mode leaves of the grain is smoothed by the upscaler, and
without it there were more false lines; above, it is enlarged to worms and mottles."""


@dataclass(frozen=True)
class Noise(Finding):
    """How noisy a picture is."""

    sigma: float = 0.0
    """Standard deviation of the noise, on the scale of [0, 1]."""


@dataclass(frozen=True)
class Denoise(Stage):
    """Remove noise and grain.

    The bundled network estimates the noise by itself, and removes the marks of JPEG too; all of them where they
    dominate, since the rest would be enlarged to worms. The bilateral filter (Tomasi and Manduchi, "Bilateral Filtering
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

    exact: bool = switch(False, help="remove that share and no more, even where noise dominates")

    def network(self) -> ModelSpec | None:
        return None if self.model == CLASSICAL else same_size(own.find(self.model))

    def examine(self, image: Image, context: Context) -> Noise:
        if self.strength == 0:
            return Noise(act=False)
        look = context.measured(image)
        sigma = noise_sigma(look)
        if sigma < _TOO_FAINT and (self.model == CLASSICAL or block_measure(look) < _BLOCKY):
            figures = {"sigma": sigma * 255, "limit": _TOO_FAINT * 255}
            return Noise(act=False, notices=(Notice("denoise-skipped", self.name, **figures),))
        return Noise(sigma=sigma)

    def apply(self, image: Image, finding: Noise, context: Context) -> Image:
        spec = self.network()
        if spec is None:
            return self._filter(image, finding.sigma, context)
        clean = infer(spec, image, context)
        return blend(image, clean, self._share(image, clean, context))

    def _share(self, image: Image, clean: Image, context: Context) -> float:
        """Return the share of the noise to remove, with a notice where noise dominates."""
        strength = min(self.strength, 1.0)
        removed = cv2.norm(clean, image) / np.sqrt(image.size)
        if self.exact or removed < _DOMINANT:
            return strength
        context.notice(DOMINANT, sigma=removed * 255, limit=_DOMINANT * 255)
        return 1.0

    def _filter(self, image: Image, sigma: float, context: Context) -> Image:
        # Distance in colour, summed over channels, over which pixels are averaged: 8 sigma for faint noise and 4 sigma
        # beyond, which kept most detail (HaarPSI) on photographs that were not measured on afterwards.
        distance = self.strength * (4 * sigma + min(4 * sigma, _FAINT))

        def smooth(strip: Image) -> Image:
            return np.asarray(cv2.bilateralFilter(strip, _DIAMETER, distance, _REACH), np.float32)

        return by_strips(image, smooth, halo=_DIAMETER // 2, advance=context.advance, reuse=context.reuse)
