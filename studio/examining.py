"""What a photograph needs; the work of a job."""

from collections.abc import Mapping

from models.runtime.engine import Engine
from pipeline import stages
from pipeline.notices import Notice
from pipeline.photo import read_photo
from studio.album import Picture

_PIXELS = 900_000
"""Suggestions need no more, and come sooner."""


def examine(picture: Picture, engine: Engine) -> Mapping[str, Notice]:
    """Return why stages are suggested for a photograph, by their names.

    Raises
    ------
    StudioError
        As `read_photo` and the detector of damage do.
    """
    photo = read_photo(picture.source, name=picture.name, max_pixels=_PIXELS, page=picture.page)
    findings = stages.examine(photo.pixels, engine)
    return {name: found.suggestion for name, found in findings.items() if found.suggestion}
