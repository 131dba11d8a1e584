"""Descreen: finds the printed dots of books and newspapers in the spectrum, and removes them."""

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from models import catalog
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods import halftone
from pipeline.methods.filters import blend
from pipeline.methods.halftone import CLEAR, Screen
from pipeline.methods.inference import infer
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Finding, Stage

FAST = "fast-descreen"
NOTCH = "notch"

_WIDEST = 8.0
"""Largest period, in pixels, that the network was trained on; wider ones are reduced to it."""
_BAND_PIXELS = 4_000_000
_OVERLAP = 128
"""Rows that a band sees of its neighbours: twice the receptive radius of the network."""


@dataclass(frozen=True)
class Dots(Finding):
    """The dots of a printed picture."""

    screens: tuple[Screen, ...] = ()
    """One for each ink that shows, the clearest first; none where no dots were found."""


@dataclass(frozen=True)
class Descreen(Stage):
    """Remove the dots of a printed picture.

    Notch filters remove the frequencies of the dots. The bundled network sees the picture before and after them, and
    where the dots lie; it removes their remains and restores edges and contrast. A picture that is not printed in dots
    stays as it is. The stage is the first, since dots would pass for noise and for texture.
    """

    name: ClassVar[str] = "descreen"
    summary: ClassVar[str] = "removes the dots of printed pictures"
    cost: ClassVar[float] = 1.0
    on_request: ClassVar[bool] = True

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the picture without dots in the result")
    model: str = choice(
        FAST,
        [*(spec.id for spec in catalog.for_task("descreen")), NOTCH],
        help="fast-descreen is the bundled network; notch only filters, and leaves a softer picture",
    )
    always: bool = switch(False, help="apply the network even where no dots are found")

    def network(self) -> ModelSpec | None:
        return None if self.model == NOTCH else catalog.get(self.model)

    def examine(self, image: Image, context: Context) -> Dots:
        if self.strength == 0:
            return Dots(act=False)
        screens = halftone.find(context.measured(image))
        if not screens:
            skipped = Notice("descreen-skipped", self.name, limit=CLEAR)
            return Dots() if self.always else Dots(act=False, notices=(skipped,))
        first = screens[0]
        figures = {"period": first.period, "clear": first.clearness, "limit": CLEAR, "count": len(screens)}
        return Dots(suggestion=Notice("descreen-suggested", self.name, **figures), sure=True, screens=screens)

    def apply(self, image: Image, finding: Dots, context: Context) -> Image:
        context.advance(0.0)
        height, width = image.shape[:2]
        factor = max([1.0, *(screen.period / _WIDEST for screen in finding.screens)])
        screens = [replace(screen, period=screen.period / factor) for screen in finding.screens]
        small = image if factor == 1 else _resized(image, round(height / factor), round(width / factor))
        clean = self._by_bands(small, screens, context)
        if factor > 1:
            clean = np.clip(_resized(clean, height, width), 0, 1)
        return clean if self.strength == 1 else blend(image, clean, self.strength)

    def _by_bands(self, image: Image, screens: list[Screen], context: Context) -> Image:
        """Return a picture without dots; a large one is computed in bands of rows, so that it needs little memory."""
        height, width = image.shape[:2]
        rows = max(_BAND_PIXELS // width, 4 * _OVERLAP)
        result = np.empty_like(image)
        for top in range(0, height, rows):
            first, bottom = max(top - _OVERLAP, 0), min(top + rows, height)
            part = context.portion(top / height, bottom / height)
            band = self._without_dots(image[first : bottom + _OVERLAP], screens, part)
            result[top:bottom] = band[top - first : bottom - first]
        return result

    def _without_dots(self, image: Image, screens: list[Screen], context: Context) -> Image:
        smooth, spec = halftone.filtered(image, screens), self.network()
        if spec is None:
            return smooth
        return infer(spec, image, context, screen=halftone.redrawn(image, screens), guess=smooth)


def _resized(image: Image, height: int, width: int) -> Image:
    """Return a picture reduced by area, or enlarged by cubic interpolation."""
    way = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.float32)
