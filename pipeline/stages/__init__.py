"""The stages, one file each, in the one order in which they run."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.notices import Notice
from pipeline.stage import Stage
from pipeline.stages.colorize import Colorize, suggest_colorize
from pipeline.stages.deblur import Deblur
from pipeline.stages.denoise import Denoise
from pipeline.stages.post_denoise import PostDenoise
from pipeline.stages.repair import Repair, suggest_repair
from pipeline.stages.sharpen import Sharpen
from pipeline.stages.tone import Tone, suggest_tone
from pipeline.stages.upscale import Upscale

ORDER: tuple[type[Stage], ...] = (Denoise, Repair, Deblur, Tone, Colorize, Upscale, PostDenoise, Sharpen)
"""Every stage there is, in the order of the pipeline."""

BY_NAME: dict[str, type[Stage]] = {stage.name: stage for stage in ORDER}

ADVISERS: Mapping[str, Callable[[Image, Context], Notice | None]] = MappingProxyType(
    {
        "repair": suggest_repair,
        "tone": lambda image, context: suggest_tone(image),
        "colorize": lambda image, context: suggest_colorize(image),
    }
)
"""By the stage that each may suggest, in the order of the pipeline."""

__all__ = [
    "ADVISERS",
    "BY_NAME",
    "ORDER",
    "Colorize",
    "Deblur",
    "Denoise",
    "PostDenoise",
    "Repair",
    "Sharpen",
    "Tone",
    "Upscale",
    "suggestions",
]


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
