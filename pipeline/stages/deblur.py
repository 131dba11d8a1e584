"""Deblur: a Wiener filter and the bundled network, or DeblurGAN-v2; skipped where the photograph is sharp already."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from models import catalog, own
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.deconvolution import KINDS, Blur, anisotropy, explained_by_sharpening, spectrum, wiener
from pipeline.methods.filters import blend
from pipeline.methods.inference import infer, same_size
from pipeline.methods.measures import blur_measure, edge_share
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Finding, Stage

SHARP_BELOW = 0.57
"""Perceptual blur below which a photograph counts as sharp; halfway between sharp and defocused ones."""

SMALLEST_SIDE = 300
"""Long side in pixels below which a photograph is left alone: there is too little of it to estimate a blur from."""

FEWEST_EDGES = 0.001
"""Share of pixels on edges below which a photograph is left alone: enlarged thumbnails, of which only the marks of
compression could be sharpened."""

SHAKEN_ABOVE = 2.0
"""Anisotropy of the spectrum that only camera shake shows."""

GHOSTS_ABOVE = 2.0
"""Anisotropy, times the share of the change that is no sharpening, above which contours come out doubled. Shaken
photographs whose contours were doubled had 2.2 to 2.6; one that became better, 1.9."""

SOFT_BELOW = 0.76
"""Perceptual blur below which a photograph is soft rather than shaken, whatever its spectrum."""

_SOFT_SHARE = 0.4
"""Share of the deblurred picture where softness shows no kernel: the upscaler removes softness too, and both in
full gave results further from the truth, and cracks on faces."""

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

    shake: float = 0.0
    """Anisotropy of the spectrum where the camera shook along no simple kernel, so that ghosts may come; else 0."""

    softness: float = 0.0
    """Perceptual blur of a picture that is deblurred in part; else 0."""


@dataclass(frozen=True)
class Deblur(Stage):
    """Remove motion blur and defocus.

    The bundled model estimates one blur for the whole photograph from its spectrum, inverts it, and a network removes
    the artefacts. DeblurGAN-v2 (Kupyn et al., 2019) does it in one step, also where the blur differs from place to
    place.
    """

    name: ClassVar[str] = "deblur"
    summary: ClassVar[str] = "removes motion blur and defocus"
    cost: ClassVar[float] = 0.5
    by_whole: ClassVar[bool] = True
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
        softness = blur_measure(image)
        reason = None if self.always else self._useless(image, softness)
        if reason:
            return Blurred(act=False, notices=(reason,))
        power = spectrum(image)
        direction = anisotropy(power)
        blur = estimate(power, direction, context)
        if self.always or blur.kind != "other" or self.model != FAST:
            notices = self._kernel(blur) if "guess" in self.network().takes else ()
            return Blurred(notices=notices, blur=blur, share=self.strength)
        shake = direction if direction > SHAKEN_ABOVE else 0.0
        if shake and softness > SOFT_BELOW:
            return Blurred(share=self.strength, shake=shake)
        return Blurred(share=self.strength * _SOFT_SHARE, shake=shake, softness=softness)

    def apply(self, image: Image, finding: Blurred, context: Context) -> Image:
        spec = self.network()
        guess = None
        if "guess" in spec.takes:
            kernel = finding.blur.kernel()
            guess = image if kernel is None else wiener(image, kernel)
        deblurred = infer(spec, image, context, guess=guess)
        ghosts = finding.shake and finding.shake * (1 - explained_by_sharpening(image, deblurred))
        if ghosts > GHOSTS_ABOVE:
            context.notice("deblur-rejected", ghosts=ghosts, limit=GHOSTS_ABOVE)
            return image
        if finding.softness:
            context.notice("deblur-soft", blur=finding.softness)
        return deblurred if finding.share == 1 else blend(image, deblurred, finding.share)

    def _useless(self, image: Image, blur: float) -> Notice | None:
        """Return why a photograph is left alone, if it is."""
        height, width = image.shape[:2]
        if max(height, width) < SMALLEST_SIDE:
            return Notice("deblur-small", self.name, w=width, h=height, limit=SMALLEST_SIDE)
        if blur < SHARP_BELOW:
            return Notice("deblur-skipped", self.name, blur=blur, limit=SHARP_BELOW)
        edges = edge_share(image)
        if edges < FEWEST_EDGES:
            return Notice("deblur-few-edges", self.name, share=edges, limit=FEWEST_EDGES)
        return None

    def _kernel(self, blur: Blur) -> tuple[Notice, ...]:
        """Return what to report of the kernel that is inverted."""
        match blur.kind:
            case "defocus":
                return (Notice("deblur-defocus", self.name, radius=blur.size),)
            case "motion":
                angle = round(np.degrees(blur.angle)) % 180
                return (Notice("deblur-motion", self.name, length=blur.size, angle=angle),)
        return ()


def estimate(power: Image, direction: float, context: Context) -> Blur:
    """Return the blur that a spectrum shows, ``"other"`` where it shows none.

    Parameters
    ----------
    power : ndarray of float32, shape (SIDE, SIDE)
        As `spectrum` returns it.
    direction : float
        Its anisotropy; motion is accepted only where that agrees.
    context : Context
    """
    network = context.engine.network(catalog.get(ESTIMATOR), cancelled=context.cancelled)
    answer = network.run(power[None, None], context.cancelled)[0]
    scores = np.exp(answer[: len(KINDS)] - answer[: len(KINDS)].max())
    kind = KINDS[int(scores.argmax())]
    radius, length, cosine, sine = (float(value) for value in answer[len(KINDS) :])
    size = radius if kind == "defocus" else length
    least = _SMALLEST_DISK if kind == "defocus" else _SMALLEST
    if kind == "other" or scores.max() < _CERTAIN * scores.sum() or not least < size < _LARGEST:
        return _NO_KERNEL
    if kind == "motion" and direction < SHAKEN_ABOVE:
        return _NO_KERNEL
    return Blur(kind, size, float(np.arctan2(sine, cosine) / 2) if kind == "motion" else 0.0)
