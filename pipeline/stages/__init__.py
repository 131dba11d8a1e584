"""The stages, one file each, in the one order in which they run."""

from pipeline.stage import Context, Image, Stage
from pipeline.stages.colorize import Colorize
from pipeline.stages.deblur import Deblur
from pipeline.stages.denoise import Denoise
from pipeline.stages.post_denoise import PostDenoise
from pipeline.stages.repair import Repair
from pipeline.stages.sharpen import Sharpen
from pipeline.stages.tone import Tone
from pipeline.stages.upscale import Upscale

ORDER: tuple[type[Stage], ...] = (Denoise, Repair, Deblur, Tone, Colorize, Upscale, PostDenoise, Sharpen)
"""Every stage there is, in the order of the pipeline."""

BY_NAME: dict[str, type[Stage]] = {stage.name: stage for stage in ORDER}

__all__ = [
    "BY_NAME",
    "ORDER",
    "Colorize",
    "Context",
    "Deblur",
    "Denoise",
    "Image",
    "PostDenoise",
    "Repair",
    "Sharpen",
    "Stage",
    "Tone",
    "Upscale",
]
