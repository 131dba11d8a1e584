"""The stages, one file each, in the order in which they run."""

from collections.abc import Collection

from models.runtime.engine import Engine
from pipeline.arrays import Image, Plane
from pipeline.context import Context
from pipeline.stage import Finding, Stage, Tier
from pipeline.stages.colorize import Colorize
from pipeline.stages.deblur import Deblur
from pipeline.stages.denoise import Denoise
from pipeline.stages.descreen import Descreen
from pipeline.stages.faces import Faces
from pipeline.stages.post_denoise import PostDenoise
from pipeline.stages.repair import Repair
from pipeline.stages.sharpen import Sharpen
from pipeline.stages.tone import Tone
from pipeline.stages.upscale import Upscale

STAGES: tuple[type[Stage], ...] = (
    Descreen,
    Denoise,
    Repair,
    Deblur,
    Tone,
    Colorize,
    Upscale,
    Faces,
    PostDenoise,
    Sharpen,
)
"""Every stage, in the order of the pipeline."""

BY_NAME: dict[str, type[Stage]] = {stage.name: stage for stage in STAGES}

ON_REQUEST: tuple[str, ...] = tuple(stage.name for stage in STAGES if stage.on_request)
"""Names of the stages that simple mode runs only where a person asks for them."""

__all__ = [
    "BY_NAME",
    "ON_REQUEST",
    "STAGES",
    "Colorize",
    "Deblur",
    "Denoise",
    "Descreen",
    "Faces",
    "Finding",
    "PostDenoise",
    "Repair",
    "Sharpen",
    "Stage",
    "Tier",
    "Tone",
    "Upscale",
    "examine",
]


def examine(
    image: Image, engine: Engine, names: Collection[str] = ON_REQUEST, *, infrared: Plane | None = None
) -> dict[str, Finding]:
    """Return what stages that run on request decide about a photograph, by their names.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    engine : Engine
        Runs the damage detector.
    names : collection of str
        Of the stages.
    infrared : ndarray of float32, shape (H, W), optional
        The scanner's infrared channel of the photograph, in [0, 1].
    """
    return {name: BY_NAME[name]().examine(image, Context(engine, name, infrared=infrared)) for name in names}
