"""Repair: finds scratches, dust, folds and tears, and fills them from what surrounds them."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from pipeline import fill
from pipeline.damage import DETECTORS, Mask, find, grow, read_mask
from pipeline.options import choice, line, number
from pipeline.stage import Context, Image, Stage

_FINDING = 0.4
"""Part of the work that finding takes; filling takes the rest."""


@dataclass(frozen=True)
class Repair(Stage):
    """Repair a damaged print.

    What a detector marks grows by a little, since the edge of a scratch is soft, and is filled; all else stays what it
    was, to the bit. The filler in the box looks at what shows through the damage; where a person drew the mask, it
    looks around it alone, for they may want something gone that is no damage. It comes after denoise, as grain hides
    what is damaged.
    """

    name: ClassVar[str] = "repair"
    summary: ClassVar[str] = "fills scratches, dust, folds and tears"

    model: str = choice(
        DETECTORS[0],
        DETECTORS,
        open=True,
        help="detector: classical needs no network",
    )
    sensitivity: float = number(0.5, low=0.05, high=0.95, step=0.05, help="higher marks more as damage")
    grow: float = number(1, low=0, high=10, step=1.0, help="pixels by which the mask is widened")
    filler: str = choice(
        fill.AUTO,
        [fill.AUTO, *fill.CLASSICAL],
        open=True,
        help="auto is the network in the box; LaMa, MI-GAN (.onnx, .pth, .safetensors) or a folder with Stable "
        "Diffusion by their path",
    )
    prompt: str = line("TEXT", help="what to put into wide holes, for Stable Diffusion")
    mask: str = line("FILE", help="your own mask instead of the detector's; white marks damage")

    @property
    def guesses(self) -> str:
        """Large networks invent what they put into a hole; the one in the box and the others draw on what is there."""
        return "" if self.filler in (fill.AUTO, *fill.CLASSICAL) else "fillings"

    def apply(self, image: Image, context: Context) -> Image:
        mask = self.damage(image, context.portion(0, _FINDING))
        if not mask.any():
            context.notice("repair-skipped", "Repair: no damage was found; left as it is.")
            return image
        if mask.all() and not self.mask:
            context.notice("repair-all", "Repair: all of the photo was taken for damage; left as it is.")
            return image
        places, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        context.notice("repair-filled", f"Repair: {mask.mean():.2%} of the photo was filled, in {places - 1} places.")
        rest = context.portion(_FINDING, 1)
        return fill.fill(image, mask, self.filler, rest, prompt=self.prompt, through=not self.mask)

    def damage(self, image: Image, context: Context) -> Mask:
        """Return what `apply` fills of a denoised picture, shape (H, W)."""
        context.advance(0.0)
        if self.mask:
            return grow(read_mask(Path(self.mask), *image.shape[:2]), round(self.grow))
        return grow(find(image, self.model, self.sensitivity, context), round(self.grow))
