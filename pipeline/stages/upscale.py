"""Upscale: the bundled networks, the official ones of Real-ESRGAN, or any file that spandrel can load."""

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from models import catalog, own
from models.catalog import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods import softness
from pipeline.methods.inference import infer, restorer
from pipeline.notices import Notice
from pipeline.options import choice, number
from pipeline.stage import Finding, Stage, Tier

FAST = "fast"
"""The bundled networks: one that keeps the size for factor 1, x2 for factors up to 2, x4 above."""

_WORTH_A_SECOND_LOOK = 0.02
"""Share of a picture that is soft, from which on the bundled x4 runs at half the size too."""
_SMALLEST_SIDE = 32
"""Side in pixels below which a picture is not halved."""


@dataclass(frozen=True)
class Upscale(Stage):
    """Enlarge and restore detail.

    The network enlarges by its own factor; the result is then resized to the factor that was asked. With factor 1
    the size stays and only the detail is restored.
    """

    name: ClassVar[str] = "upscale"
    summary: ClassVar[str] = "enlarges and restores detail"
    cost: ClassVar[float] = 2.0

    scale: float = number(2.0, low=1, high=4, step=0.5, help="factor; 1 restores detail and keeps the size")
    model: str = choice(
        FAST,
        [FAST, *(spec.id for spec in catalog.for_task("upscale") if not spec.bundled)],
        open=True,
        help="network: fast chooses a bundled one",
    )
    crisp: float = number(0.85, low=0, high=1, step=0.05, help="bundled x4 only: 0 is faithful and softer, 1 is crisp")
    denoise: float = number(
        0.5, low=0, high=1, step=0.05, help="realesr-general-x4v3 only: 0 keeps the grain, 1 takes it away"
    )

    @property
    def enlarges(self) -> float:
        return self.scale

    def at_tier(self, tier: Tier) -> "Upscale":
        official = "realesrgan-x2plus" if self.scale <= 2 else "realesrgan-x4plus"
        return replace(self, model=official) if tier == "official" else self

    def examine(self, image: Image, context: Context) -> Finding:
        spec = self.network()
        if spec.scale >= self.scale:
            return Finding()
        notice = Notice("upscale-interpolated", self.name, model=spec.title, own=spec.scale, scale=self.scale)
        return Finding(notices=(notice,))

    def apply(self, image: Image, finding: Finding, context: Context) -> Image:
        spec = self.network()
        large = self._enlarged(spec, image, context)
        height, width = (max(round(side * self.scale), 1) for side in image.shape[:2])
        return _resize(large, width, height)

    def _enlarged(self, spec: ModelSpec, image: Image, context: Context) -> Image:
        """Return the network's answer; the bundled x4 sees soft places at half the size."""
        mix = self._mix(spec)
        if not spec.bundled or spec.scale < 4 or min(image.shape[:2]) < _SMALLEST_SIDE:
            return infer(spec, image, context, mix=mix)
        share = softness.sharpness(image)
        soft = 1 - float(share.mean())
        if soft < _WORTH_A_SECOND_LOOK:
            return infer(spec, image, context, mix=mix)
        large = infer(spec, image, context.portion(0, 0.8), mix=mix)
        small = infer(spec, softness.halved(image), context.portion(0.8, 1), mix=mix)
        context.notice("upscale-soft", share=soft)
        return softness.blend(large, small, share)

    def network(self) -> ModelSpec:
        if self.model == FAST:
            return catalog.get("fast-x1" if self.scale == 1 else "fast-x2" if self.scale <= 2 else "fast-x4")
        return restorer(own.find(self.model))

    def _mix(self, spec: ModelSpec) -> float:
        """Return the network's share where its weights are interpolated with those of its partner."""
        if not spec.partner:
            return 1.0
        return self.crisp if spec.bundled else self.denoise


def _resize(image: Image, width: int, height: int) -> Image:
    """Resize by area when shrinking, by Lanczos when growing."""
    if image.shape[:2] == (height, width):
        return image
    smaller = width <= image.shape[1] and height <= image.shape[0]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4
    resized: Image = cv2.resize(image, (width, height), interpolation=kind)
    return np.clip(resized, 0.0, 1.0, out=resized)
