"""Post-denoise: a light Gaussian that settles what the upscaler left uneven."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.filters import by_strips, gaussian
from pipeline.options import number
from pipeline.stage import Context, Image, Stage


@dataclass(frozen=True)
class PostDenoise(Stage):
    """Gaussian blur of a fraction of a pixel."""

    name: ClassVar[str] = "post-denoise"
    summary: ClassVar[str] = "settles the texture with a light Gaussian"

    sigma: float = number(0.4, low=0, high=3, step=0.1, help="standard deviation in pixels of the result")

    def apply(self, image: Image, context: Context) -> Image:
        if self.sigma == 0:
            return image
        halo = int(np.ceil(5 * self.sigma)) + 1
        return by_strips(
            image, lambda s: gaussian(s, self.sigma), halo=halo, advance=context.advance, reuse=context.reuse
        )
