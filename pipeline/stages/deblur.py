"""Deblur: DeblurGAN-v2 (Kupyn et al., 2019), left out where the photograph is sharp already."""

from dataclasses import dataclass
from typing import ClassVar

from models import catalog
from pipeline.filters import blur_measure
from pipeline.inference import infer
from pipeline.options import choice, number, switch
from pipeline.stage import Context, Image, Stage

SHARP_BELOW = 0.57
"""Perceptual blur under which a photograph counts as sharp; half-way between sharp and defocused ones."""


@dataclass(frozen=True)
class Deblur(Stage):
    """Take away motion blur and defocus."""

    name: ClassVar[str] = "deblur"
    summary: ClassVar[str] = "takes away motion blur and defocus"

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the deblurred picture in the result")
    model: str = choice(
        "deblurgan-mobilenet",
        [spec.id for spec in catalog.for_task("deblur")],
        help="network: mobilenet is fast, inception is thorough",
    )
    always: bool = switch(False, help="deblur even where the photo looks sharp already")

    def apply(self, image: Image, context: Context) -> Image:
        if self.strength == 0:
            return image
        blur = blur_measure(image)
        if blur < SHARP_BELOW and not self.always:
            context.notice(
                "deblur-skipped",
                f"Deblur: the photo is sharp already (blur {blur:.2f}, the limit is {SHARP_BELOW}); left as it is.",
            )
            return image
        deblurred = infer(catalog.get(self.model), image, context)
        return image + self.strength * (deblurred - image)
