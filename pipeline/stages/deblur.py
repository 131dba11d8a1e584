"""Deblur: a Wiener filter and the bundled network, or DeblurGAN-v2; skipped where the photograph is sharp already."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models import catalog, own
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.deconvolution import KINDS, Blur, spectrum, wiener
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import blur_measure
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Finding, Stage

SHARP_BELOW = 0.57
"""Perceptual blur below which a photograph counts as sharp; halfway between sharp and defocused ones."""

SOFT_BELOW = 0.76
"""Perceptual blur below which a photograph whose spectrum shows no kernel is deblurred in part only: the bundled
upscaler is trained on that much softness, and both in full gave results further from the truth."""

_SOFT_SHARE = 0.4
"""Share of the deblurred picture there: the error is the same as without, and edges are crisper."""

ESTIMATOR = "fast-blur"
FAST = "fast-deblur"

_CERTAIN = 0.7
"""Least probability of an estimate; a wrong kernel harms more than none."""

_SMALLEST, _LARGEST = 0.5, 18.5
"""Range of sizes, in pixels, that the estimator was trained on; beyond it, enlarged thumbnails read as motion."""

_NO_KERNEL = Blur("other")
_SMALLEST_DISK = 1.6
"""Radius in pixels below which an estimated disk may be softness of any kind."""


@dataclass(frozen=True)
class Blurred(Finding):
    """How a picture is blurred."""

    blur: Blur = _NO_KERNEL
    """One kernel for the whole picture, where its spectrum shows one."""

    share: float = 1.0
    """Share of the deblurred picture in the result."""


@dataclass(frozen=True)
class Deblur(Stage):
    """Remove motion blur and defocus.

    The bundled model estimates one blur for the whole photograph from its spectrum, inverts it, and a network removes
    the artefacts. DeblurGAN-v2 (Kupyn et al., 2019) does it in one step, also where the blur differs from place to
    place.
    """

    name: ClassVar[str] = "deblur"
    summary: ClassVar[str] = "removes motion blur and defocus"
    cost: ClassVar[float] = 8.0
    official: ClassVar[str] = "deblurgan-inception"

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the deblurred picture in the result")
    model: str = choice(
        FAST,
        [spec.id for spec in catalog.for_task("deblur")],
        open=True,
        help="network: fast-deblur is bundled, the others are DeblurGAN-v2",
    )
    always: bool = switch(False, help="deblur even where the photograph looks sharp already")

    def network(self) -> ModelSpec:
        return same_size(own.find(self.model))

    def examine(self, image: Image, context: Context) -> Blurred:
        if self.strength == 0:
            return Blurred(act=False)
        blur = estimate(image, context)
        share, notices = (1.0, ()) if self.always else self._needed(blur, blur_measure(image))
        if share == 0:
            return Blurred(act=False, notices=notices)
        if "guess" in self.network().takes:
            notices += self._kernel(blur)
        return Blurred(notices=notices, blur=blur, share=self.strength * share)

    def apply(self, image: Image, finding: Blurred, context: Context) -> Image:
        spec = self.network()
        guess = None
        if "guess" in spec.takes:
            kernel = finding.blur.kernel()
            guess = image if kernel is None else wiener(image, kernel)
        deblurred = infer(spec, image, context, guess=guess)
        if finding.share < 1:
            deblurred -= image
            deblurred *= finding.share
            deblurred += image
        return deblurred

    def _needed(self, blur: Blur, measure: float) -> tuple[float, tuple[Notice, ...]]:
        """Return the share of the deblurred picture that a photograph needs, and why where that is not all."""
        if measure < SHARP_BELOW:
            return 0.0, (Notice("deblur-skipped", self.name, blur=measure, limit=SHARP_BELOW),)
        if measure < SOFT_BELOW and blur.kind == "other" and self.model == FAST:
            return _SOFT_SHARE, (Notice("deblur-soft", self.name, blur=measure, limit=SOFT_BELOW),)
        return 1.0, ()

    def _kernel(self, blur: Blur) -> tuple[Notice, ...]:
        """Return what to report of the kernel that is inverted."""
        match blur.kind:
            case "defocus":
                return (Notice("deblur-defocus", self.name, radius=blur.size),)
            case "motion":
                angle = round(np.degrees(blur.angle)) % 180
                return (Notice("deblur-motion", self.name, length=blur.size, angle=angle),)
        return ()


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
