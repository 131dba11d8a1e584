"""Tone: brings back what a print lost in fading, and takes away the cast of its age."""

from dataclasses import dataclass
from typing import ClassVar

from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.levels import measure, revive
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from pipeline.notices import Notice
from pipeline.options import choice, number, switch
from pipeline.stage import Stage

KEEP, NEUTRAL = "keep", "neutral"


@dataclass(frozen=True)
class Tone(Stage):
    """Revive faded tones.

    Levels are set on robust percentiles, the cast is read from the paper's white and the print's black, and small
    differences gain a little contrast. A photograph that has not faded stays as it is, but for a hue that is to go.
    """

    name: ClassVar[str] = "tone"
    summary: ClassVar[str] = "revives faded tones and takes away a cast"

    strength: float = number(1.0, low=0, high=1, step=0.05, help="share of the revived picture in the result")
    sepia: str = choice(KEEP, [KEEP, NEUTRAL], help="what becomes of the hue of a print of one tone")
    local_contrast: float = number(0.15, low=0, high=1, step=0.05, help="gain of small differences; 0 is levels alone")
    always: bool = switch(False, help="revive even a photo that has not faded")

    def apply(self, image: Image, context: Context) -> Image:
        if self.strength == 0:
            return image
        levels = measure(image)
        neutral = self.sepia == NEUTRAL
        if not levels.faded and not self.always and not (neutral and colour_measure(image) <= COLOURED_ABOVE):
            context.notice("tone-skipped", f"Tone: the photo has not faded ({levels}); left as it is.")
            return image
        context.advance(0.0)
        revived = revive(image, neutral=neutral, local_contrast=self.local_contrast)
        return (1 - self.strength) * image + self.strength * revived


def suggest_tone(image: Image) -> Notice | None:
    """Suggest to revive the tones of a photograph that has faded, and say why; None where it has not.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    levels = measure(image)
    if not levels.faded:
        return None
    return Notice("tone-suggested", f"The photo has faded ({levels}): Tone can revive it.")
