"""What a first look at a photograph suggests, beyond what simple mode does to all of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.engine import Engine
from pipeline.colour import suggest_colorize
from pipeline.damage import suggest_repair
from pipeline.notices import Notice
from pipeline.stage import Context, Image
from pipeline.tone import suggest_tone

ADVISERS: Mapping[str, Callable[[Image, Context], Notice | None]] = MappingProxyType(
    {
        "repair": suggest_repair,
        "tone": lambda image, context: suggest_tone(image),
        "colorize": lambda image, context: suggest_colorize(image),
    }
)
"""By the stage that each may suggest, in the order of the pipeline."""


def suggestions(image: Image, engine: Engine) -> dict[str, Notice]:
    """Return why stages are suggested for a photograph, by their names.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    engine : Engine
        Runs the detector of damage.
    """
    found = {name: suggest(image, Context(engine)) for name, suggest in ADVISERS.items()}
    return {name: notice for name, notice in found.items() if notice is not None}
