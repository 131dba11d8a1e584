"""Upscale: Real-ESRGAN's networks, ours of the same kind in the box, or any file that spandrel can load."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog, own
from models.catalog import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.inference import infer, restorer
from pipeline.options import choice, number
from pipeline.stage import Stage

FAST = "fast"
"""The networks in the box: one that keeps the size for factor 1, x2 for factors up to 2, x4 above."""


@dataclass(frozen=True)
class Upscale(Stage):
    """Enlarge and restore detail.

    The network enlarges by its own factor; the result is then brought to the factor that was asked. With factor 1
    the size stays and only the detail is restored.
    """

    name: ClassVar[str] = "upscale"
    summary: ClassVar[str] = "enlarges and restores detail"

    scale: float = number(2.0, low=1, high=4, step=0.5, help="factor; 1 restores detail and keeps the size")
    model: str = choice(
        FAST,
        [FAST, *(spec.id for spec in catalog.for_task("upscale") if spec.tier == "full")],
        open=True,
        help="network: fast is in the box",
    )
    crisp: float = number(0.85, low=0, high=1, step=0.05, help="fast x4 only: 0 is faithful and softer, 1 is crisp")
    denoise: float = number(
        0.5, low=0, high=1, step=0.05, help="realesr-general-x4v3 only: 0 keeps the grain, 1 takes it away"
    )

    def apply(self, image: Image, context: Context) -> Image:
        spec = self.spec()
        large = infer(spec, image, context, mix=self._mix(spec))
        if spec.scale < self.scale:
            context.notice(
                "upscale-interpolated",
                f"Upscale: {spec.title} enlarges by {spec.scale}; the rest up to {self.scale:g} is interpolated.",
            )
        height, width = (max(round(side * self.scale), 1) for side in image.shape[:2])
        return _resize(large, width, height)

    def spec(self) -> ModelSpec:
        """Return the network that these options mean."""
        if self.model == FAST:
            return catalog.get("fast-x1" if self.scale == 1 else "fast-x2" if self.scale <= 2 else "fast-x4")
        return restorer(own.find(self.model))

    def _mix(self, spec: ModelSpec) -> float:
        """Return the network's own share where its weights are mixed with a partner's."""
        if not spec.partner:
            return 1.0
        return self.crisp if spec.bundled else self.denoise


def _resize(image: Image, width: int, height: int) -> Image:
    """Bring to a size, by area down and by Lanczos up."""
    if image.shape[:2] == (height, width):
        return image
    smaller = width <= image.shape[1] and height <= image.shape[0]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4
    resized: Image = cv2.resize(image, (width, height), interpolation=kind)
    return np.clip(resized, 0.0, 1.0, out=resized)
