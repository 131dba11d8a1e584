"""The live finish: blur and sharpen a finished result, fast enough to follow a slider."""

from dataclasses import dataclass

import numpy as np

from pipeline.arrays import Image
from pipeline.methods.filters import by_strips, gaussian, unsharp
from pipeline.options import check, number

RADIUS = 1.2
"""Sigma of the unsharp mask, in pixels of the result."""

_THRESHOLD = 0.004


@dataclass(frozen=True)
class Finish:
    """The two live sliders; at zero the picture stays as it is."""

    blur: float = number(0.0, low=0, high=3, step=0.05, help="Gaussian blur, sigma in pixels of the result")
    sharpen: float = number(0.0, low=0, high=2, step=0.05, help="unsharp mask, amount")

    def __post_init__(self) -> None:
        check(self)

    def apply(self, image: Image, *, zoom: float = 1.0, reuse: bool = False) -> Image:
        """Return the finished picture.

        Parameters
        ----------
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1].
        zoom : float
            Size of `image` relative to the full result, for a reduced preview.
        reuse : bool
            Overwrite `image`.
        """
        if not self.blur and not self.sharpen:
            return image
        return by_strips(
            image,
            lambda strip: self._filter(strip, zoom),
            halo=self.halo(zoom),
            advance=lambda done: None,
            reuse=reuse,
        )

    def halo(self, zoom: float = 1.0) -> int:
        """Return the reach of `apply` in pixels."""
        if not self.blur and not self.sharpen:
            return 0
        return 2 * (int(np.ceil(5 * max(self.blur, RADIUS) * zoom)) + 1)

    def _filter(self, image: Image, zoom: float) -> Image:
        if self.blur:
            image = gaussian(image, self.blur * zoom)
        if self.sharpen:
            image = unsharp(image, amount=self.sharpen, radius=RADIUS * zoom, threshold=_THRESHOLD)
        return image
