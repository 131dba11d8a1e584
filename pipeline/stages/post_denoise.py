"""Post-denoise: a light Gaussian that evens out the texture of the upscaler."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.arrays import Image
from pipeline.methods.filters import gaussian
from pipeline.options import number
from pipeline.stage import Filter


@dataclass(frozen=True)
class PostDenoise(Filter):
    """Gaussian blur of a fraction of a pixel."""

    name: ClassVar[str] = "post-denoise"
    summary: ClassVar[str] = "evens out the texture with a light Gaussian"
    cost: ClassVar[float] = 0.2

    sigma: float = number(0.4, low=0, high=3, step=0.1, help="standard deviation in pixels of the result")

    def halo(self, zoom: float = 1.0) -> int:
        return int(np.ceil(5 * self.sigma * zoom)) + 1 if self.sigma else 0

    def filter(self, image: Image, zoom: float = 1.0) -> Image:
        return gaussian(image, self.sigma * zoom)
