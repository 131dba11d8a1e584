"""Repair: finds scratches, dust, folds and tears, and fills them from what surrounds them."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.mask import read_mask
from pipeline.methods import inpainting
from pipeline.methods.detection import DETECTORS, find, grow
from pipeline.notices import Notice
from pipeline.options import choice, line, number
from pipeline.stage import Stage

_WORTH_A_WORD = 0.01
"""Part of a photograph, found damaged by a network, from which repair is suggested."""
_TOO_SMALL_TO_TELL = 100_000
"""In a picture of fewer pixels, a reduced one, whiskers and rims are as thin as scratches."""


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
        inpainting.AUTO,
        [inpainting.AUTO, *inpainting.CLASSICAL],
        open=True,
        help="auto is the network in the box; LaMa, MI-GAN (.onnx, .pth, .safetensors) or a folder with Stable "
        "Diffusion by their path",
    )
    prompt: str = line("TEXT", help="what to put into wide holes, for Stable Diffusion")
    mask: str = line("FILE", help="your own mask instead of the detector's; white marks damage")

    @property
    def guesses(self) -> str:
        """Large networks invent what they put into a hole; the one in the box and the others draw on what is there."""
        return "" if self.filler in (inpainting.AUTO, *inpainting.CLASSICAL) else "fillings"

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
        return inpainting.fill(image, mask, self.filler, rest, prompt=self.prompt, through=not self.mask)

    def damage(self, image: Image, context: Context) -> Mask:
        """Return what `apply` fills of a denoised picture, shape (H, W)."""
        context.advance(0.0)
        if self.mask:
            return grow(read_mask(Path(self.mask), *image.shape[:2]), round(self.grow))
        return grow(find(image, self.model, self.sensitivity, context), round(self.grow))


def suggest_repair(image: Image, context: Context) -> Notice | None:
    """Suggest to repair a photograph in which the detector in the box finds damage; None where it finds none.

    The classical detector suggests nothing, for it marks as much in many a photograph that is whole; nor does any on a
    picture of less than 0.1 megapixel, where what is thin is seldom a scratch.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    context : Context
        Engine.
    """
    if image.shape[0] * image.shape[1] < _TOO_SMALL_TO_TELL:
        return None
    share = float(find(image, DETECTORS[0], 0.5, context).mean())
    if share < _WORTH_A_WORD:
        return None
    return Notice("repair-suggested", f"{share:.1%} of the photo looks damaged: Repair can fill it in.")
