"""Sharpen: an unsharp mask with a threshold, so that flat areas stay as they are."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import unsharp
from pipeline.notices import Notice
from pipeline.options import number, switch
from pipeline.stage import Filter, Finding
from pipeline.stages.denoise import DOMINANT


@dataclass(frozen=True)
class Sharpen(Filter):
    """Unsharp mask: adds the difference from a Gaussian blur, where it exceeds a threshold."""

    name: ClassVar[str] = "sharpen"
    summary: ClassVar[str] = "sharpens edges with an unsharp mask"
    cost: ClassVar[float] = 0.05

    amount: float = number(0.4, low=0, high=3, step=0.1, help="share of the difference that is added")
    radius: float = number(1.0, low=0.3, high=5, step=0.1, help="sigma of the mask, in pixels of the result")
    threshold: float = number(
        0.01, low=0, high=0.2, step=0.005, help="smaller differences are left alone; 0.01 is 2.5 of 255"
    )

    always: bool = switch(False, help="sharpen even where noise or compression dominated the photograph")

    def examine(self, image: Image, context: Context) -> Finding:
        """Act unless Denoise reported that noise dominated: what remains of it would be sharpened, too."""
        noisy = any(notice.code == DOMINANT for notice in context.earlier)
        if noisy and self.amount and not self.always:
            return Finding(act=False, notices=(Notice("sharpen-skipped", self.name),))
        return super().examine(image, context)

    def halo(self, zoom: float = 1.0) -> int:
        return int(np.ceil(5 * self.radius * zoom)) + 1 if self.amount else 0

    def filter(self, image: Image, zoom: float = 1.0) -> Image:
        return unsharp(image, amount=self.amount, radius=self.radius * zoom, threshold=self.threshold)
