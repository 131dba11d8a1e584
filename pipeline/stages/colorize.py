"""Colorize: Zhang's networks guess the chroma; the photograph keeps its own luminance."""

import math
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog
from pipeline.colour import COLOURED_ABOVE, colour_measure, from_lab, to_lab
from pipeline.options import choice, number, switch
from pipeline.stage import Context, Image, Stage

_WORKING_SIDE = 256
"""Side of the square that the networks were trained on; the working picture has its area."""


@dataclass(frozen=True)
class Colorize(Stage):
    """Colour a black-and-white or toned photograph.

    ECCV16 (Zhang, Isola and Efros, "Colorful Image Colorization", 2016) and SIGGRAPH17 (Zhang et al., "Real-Time
    User-Guided Image Colorization", 2017). Only ab is predicted, at a small size; L is the photograph's own.
    """

    name: ClassVar[str] = "colorize"
    summary: ClassVar[str] = "guesses the colours of a black-and-white photo"

    model: str = choice(
        "siggraph17",
        [spec.id for spec in catalog.for_task("colorize")],
        help="network that guesses the colours",
    )
    saturation: float = number(1.0, low=0, high=2, step=0.05, help="chroma, as a factor; 0 is black and white")
    always: bool = switch(False, help="colour even a photo that has colours already")

    def apply(self, image: Image, context: Context) -> Image:
        colour = colour_measure(image)
        if colour > COLOURED_ABOVE and not self.always:
            context.notice(
                "colorize-skipped",
                f"Colorize: the photo has colours already ({colour:.1f}, the limit is {COLOURED_ABOVE:g}); "
                "left as it is.",
            )
            return image
        context.advance(0.0)
        lab = to_lab(image)
        ab = self._guess(lab[..., 0], context)
        context.advance(0.7)
        lab[..., 1:] = cv2.resize(ab, image.shape[1::-1], interpolation=cv2.INTER_LINEAR) * self.saturation
        return from_lab(lab)

    def _guess(self, luminance: Image, context: Context) -> Image:
        """Return ab, shape (h, w, 2), at the working size."""
        spec = catalog.get(self.model)
        network = context.engine.network(spec, cancelled=context.cancelled)
        small = np.asarray(
            cv2.resize(luminance, _working_size(luminance, spec.multiple), interpolation=cv2.INTER_AREA),
            np.float32,
        )
        return np.ascontiguousarray(network.run(small[None, None], context.cancelled)[0].transpose(1, 2, 0))


def _working_size(luminance: Image, multiple: int) -> tuple[int, int]:
    """Return width and height of about the working area, in the photograph's proportions."""
    height, width = luminance.shape
    factor = _WORKING_SIDE / math.sqrt(height * width)
    fitted = [max(round(side * factor / multiple), 4) * multiple for side in (width, height)]
    return fitted[0], fitted[1]
