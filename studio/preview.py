"""A first look at a photograph: whether it can be read, its size, what it needs, and a small picture of it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from pipeline import disk
from pipeline.errors import PhotoError
from pipeline.notices import Notice
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.stages import suggestions
from studio.album import Picture
from studio.workshop import workshop

_PIXELS = 900_000
_looking = threading.Lock()


@dataclass(frozen=True)
class Glance:
    """What a first look tells."""

    preview: Path
    """A JPEG at screen size; it is there where `error` is None."""

    size: tuple[int, int] = (0, 0)
    """Width and height of the photograph."""

    suggestions: Mapping[str, Notice] = field(default_factory=dict)
    """Why stages are suggested, by their names."""

    error: PhotoError | None = None


def at(picture: Picture) -> Glance:
    """Look at a photograph, once.

    Raises
    ------
    DiskFull
        If the disk has no room for the preview.
    """
    with _looking:
        if picture not in _glances:
            _glances[picture] = _look(picture)
        return _glances[picture]


def _look(picture: Picture) -> Glance:
    preview = picture.source.parent / "preview.jpg"
    try:
        photo = read_photo(picture.source, name=picture.name, max_pixels=_PIXELS)
        with disk.making(preview):
            preview.write_bytes(encode_photo(photo.pixels, photo, Output("jpeg", 88, "strip")).data)
    except PhotoError as error:
        return Glance(preview, error=error)
    return Glance(preview, photo.original_size, suggestions(photo.pixels, workshop().engine))


_glances: WeakKeyDictionary[Picture, Glance] = WeakKeyDictionary()
