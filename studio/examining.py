"""What a photograph needs; the work of a job."""

from collections.abc import Collection, Mapping

from models.runtime.engine import Engine
from pipeline import stages
from pipeline.photo import read_photo
from pipeline.stages import ON_REQUEST
from studio.picture import Picture, Suggestion

_PIXELS = 900_000
"""Suggestions need no more, and come sooner."""


def examine(picture: Picture, engine: Engine, names: Collection[str] = ON_REQUEST) -> Mapping[str, Suggestion]:
    """Return the suggestions for a photograph, by the names of stages; of those that are named here.

    Raises
    ------
    StudioError
        As `read_photo` and the detector of damage do.
    """
    photo = read_photo(picture.source, name=picture.name, max_pixels=_PIXELS, page=picture.page)
    findings = stages.examine(photo.pixels, engine, names, infrared=photo.infrared)
    return {name: Suggestion(found.suggestion, found.sure) for name, found in findings.items() if found.suggestion}
