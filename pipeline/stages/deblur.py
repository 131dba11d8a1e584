"""Deblur: Wiener's filter and a network in the box, or DeblurGAN-v2; left out where the photograph is sharp already."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models import catalog, own
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.deconvolution import KINDS, Blur, spectrum, wiener
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import blur_measure
from pipeline.options import choice, number, switch
from pipeline.stage import Stage

SHARP_BELOW = 0.57
"""Perceptual blur under which a photograph counts as sharp; half-way between sharp and defocused ones."""

SOFT_BELOW = 0.76
"""Perceptual blur under which one whose spectrum shows no kernel is left for the most part to the upscaler in the box,
which learnt to undo that much; by both in full, results were further from the truth."""

_SOFT_SHARE = 0.4
"""Of the deblurred picture there: as near to the truth as with none, and crisper."""

ESTIMATOR = "fast-blur"
FAST = "fast-deblur"

_CERTAIN = 0.7
"""Probability below which an estimate is not believed; a wrong kernel harms more than none."""

_SMALLEST, _LARGEST = 0.5, 18.5
"""Sizes, in pixels, that the estimator has learnt to read; beyond, it takes thumbnails made large for motion."""

_SMALLEST_DISK = 1.6
"""Radius in pixels under which what it takes for a disk is softness of any kind."""


@dataclass(frozen=True)
class Deblur(Stage):
    """Take away motion blur and defocus.

    The fast model estimates one blur for the whole photograph from its spectrum, undoes it, and lets a network clean
    what that leaves. DeblurGAN-v2 (Kupyn et al., 2019) answers at once, and copes with blur that differs from place
    to place.
    """

    name: ClassVar[str] = "deblur"
    summary: ClassVar[str] = "takes away motion blur and defocus"

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the deblurred picture in the result")
    model: str = choice(
        FAST,
        [spec.id for spec in catalog.for_task("deblur")],
        open=True,
        help="network: fast-deblur is in the box, the others are DeblurGAN-v2",
    )
    always: bool = switch(False, help="deblur even where the photo looks sharp already")

    def apply(self, image: Image, context: Context) -> Image:
        if self.strength == 0:
            return image
        found = estimate(image, context)
        share = self.strength * (1.0 if self.always else self._needed(found, blur_measure(image), context))
        if share == 0:
            return image
        spec = same_size(own.find(self.model))
        given = image
        if spec.channels == 6:
            given = np.concatenate([image, _guess(image, found, context)], axis=2)
        deblurred = infer(spec, given, context)
        if share < 1:
            deblurred -= image
            deblurred *= share
            deblurred += image
        return deblurred

    def _needed(self, found: Blur, measure: float, context: Context) -> float:
        """Return the share of the deblurred picture that a photograph needs, and tell where that is not all."""
        if measure < SHARP_BELOW:
            context.notice(
                "deblur-skipped",
                f"Deblur: the photo is sharp already (blur {measure:.2f}, the limit is {SHARP_BELOW}); left as it is.",
            )
            return 0.0
        if measure < SOFT_BELOW and found.kind == "other" and self.model == FAST:
            context.notice(
                "deblur-soft",
                f"Deblur: the photo is only a little soft (blur {measure:.2f}, below {SOFT_BELOW}); deblurred in part.",
            )
            return _SOFT_SHARE
        return 1.0


def estimate(image: Image, context: Context) -> Blur:
    """Return the blur that a picture's spectrum shows, ``"other"`` where it shows none."""
    network = context.engine.network(catalog.get(ESTIMATOR), cancelled=context.cancelled)
    answer = network.run(spectrum(image)[None, None], context.cancelled)[0]
    scores = np.exp(answer[: len(KINDS)] - answer[: len(KINDS)].max())
    kind = KINDS[int(scores.argmax())]
    radius, length, cosine, sine = (float(value) for value in answer[len(KINDS) :])
    size = radius if kind == "defocus" else length
    least = _SMALLEST_DISK if kind == "defocus" else _SMALLEST
    if kind == "other" or scores.max() < _CERTAIN * scores.sum() or not least < size < _LARGEST:
        return Blur("other")
    return Blur(kind, size, float(np.arctan2(sine, cosine) / 2) if kind == "motion" else 0.0)


def _guess(image: Image, found: Blur, context: Context) -> Image:
    kernel = found.kernel()
    if kernel is None:
        return image
    degrees = round(np.degrees(found.angle)) % 180
    what = {
        "defocus": f"it is out of focus by a disk of radius {found.size:.1f} pixels",
        "motion": f"it was moved by {found.size:.0f} pixels at {degrees} degrees",
    }
    context.notice(f"deblur-{found.kind}", f"Deblur: {what[found.kind]}, by its spectrum.")
    return wiener(image, kernel)
