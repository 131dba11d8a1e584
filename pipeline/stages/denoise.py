"""Denoise: a gentle edge-preserving filter, as strong as the noise that it measures."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from pipeline.filters import by_strips, guided_filter, noise_sigma
from pipeline.options import number
from pipeline.stage import Context, Image, Stage

_LUMA_DIAMETER = 7
_LUMA_REACH = 3.0
_CHROMA_RADIUS = 3
_HALO = _LUMA_DIAMETER // 2 + 2 * _CHROMA_RADIUS
_TOO_FAINT = 0.5 / 255


@dataclass(frozen=True)
class Denoise(Stage):
    """Bilateral filter on luma (Tomasi and Manduchi, 1998), and on chroma a filter guided by that luma.

    Grain lives in luma and chroma, detail in luma: chroma can be smoothed more without loss. Both filters follow
    the noise that is measured, so a clean photograph stays as it is.
    """

    name: ClassVar[str] = "denoise"
    summary: ClassVar[str] = "takes away grain and sensor noise"

    strength: float = number(1.0, low=0, high=3, step=0.1, help="filter strength; 1 follows the noise that is measured")

    def apply(self, image: Image, context: Context) -> Image:
        context.advance(0.0)
        sigma = self.strength * noise_sigma(image)
        if sigma < _TOO_FAINT:
            if self.strength > 0:
                context.notice("denoise-skipped", "Denoise: the photo has no noise worth removing; left as it is.")
            return image
        return by_strips(image, lambda strip: _filter(strip, sigma), halo=_HALO, advance=context.advance)


def _filter(image: Image, sigma: float) -> Image:
    """Filter one strip whose noise has the standard deviation `sigma`."""
    ycc = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    noisy_luma, *chroma = cv2.split(ycc)
    clean = np.asarray(cv2.bilateralFilter(noisy_luma, _LUMA_DIAMETER, 3 * sigma, _LUMA_REACH), np.float32)
    smooth = [guided_filter(clean, c, radius=_CHROMA_RADIUS, epsilon=(2 * sigma) ** 2) for c in chroma]
    rgb = cv2.cvtColor(cv2.merge([clean, *smooth]), cv2.COLOR_YCrCb2RGB)
    return np.clip(rgb, 0.0, 1.0)
