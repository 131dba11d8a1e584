"""Tone: restore the tones of a faded print and remove its cast."""

from dataclasses import dataclass
from typing import ClassVar

from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.levels import BLACK_ABOVE, SPAN_BELOW, measure, revive
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Finding, Stage

KEEP, NEUTRAL = "keep", "neutral"


@dataclass(frozen=True)
class Tone(Stage):
    """Revive faded tones.

    Levels are set on robust percentiles, the cast is read from the paper's white and the print's black, and small
    differences gain a little contrast. A photograph that has not faded stays as it is, unless its tint is to go.
    """

    name: ClassVar[str] = "tone"
    summary: ClassVar[str] = "revives faded tones and removes a cast"
    cost: ClassVar[float] = 0.2
    on_request: ClassVar[bool] = True

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the revived picture in the result")
    sepia: str = choice(KEEP, [KEEP, NEUTRAL], help="keep or remove the tint of a toned print")
    local_contrast: float = number(0.15, low=0, high=1, step=0.05, help="gain of small differences; 0 sets levels only")
    always: bool = switch(False, help="revive even a photograph that has not faded")

    def examine(self, image: Image, context: Context) -> Finding:
        if self.strength == 0:
            return Finding(act=False)
        look = context.measured(image)
        levels = measure(look)
        figures = {
            "black": levels.black,
            "white": levels.white,
            "black_limit": BLACK_ABOVE,
            "span_limit": SPAN_BELOW,
        }
        if levels.faded:
            is_old = colour_measure(look) <= COLOURED_ABOVE  # a colour photograph may be hazy on purpose
            return Finding(suggestion=Notice("tone-suggested", self.name, **figures), sure=is_old)
        has_tint_to_remove = self.sepia == NEUTRAL and colour_measure(look) <= COLOURED_ABOVE
        if self.always or has_tint_to_remove:
            return Finding()
        return Finding(act=False, notices=(Notice("tone-skipped", self.name, **figures),))

    def apply(self, image: Image, finding: Finding, context: Context) -> Image:
        context.advance(0.0)
        is_neutral = self.sepia == NEUTRAL
        revived = revive(image, neutral=is_neutral, local_contrast=self.local_contrast, whole=context.whole)
        return (1 - self.strength) * image + self.strength * revived
