"""Small pictures of a photograph, each made once: for a list, and as the stages see it."""

import threading
from pathlib import Path

from models.files import atomic
from pipeline import disk
from pipeline.codecs import geometry
from pipeline.errors import PhotoError
from pipeline.photo import Output, encode_photo, read_photo
from studio.album import Picture, Preview

_PIXELS = 900_000
_AT_ONCE = 2
"""Photographs that are decoded at the same time; each is in memory at full size while it is read."""


class Previews:
    """Makes small pictures of photographs; no network runs here.

    Parameters
    ----------
    max_pixels : int
        Of a photograph as the stages see it.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._decoders = threading.BoundedSemaphore(_AT_ONCE)

    def of(self, picture: Picture) -> Preview:
        """Return a photograph at screen size, with its own size or the reason why it cannot be read.

        Raises
        ------
        DiskFull
            If the disk has no room for the preview.
        """
        with picture.lock:
            if picture.preview is None:
                picture.preview = self._preview(picture)
            return picture.preview

    def size(self, picture: Picture) -> tuple[int, int]:
        """Return width and height of a photograph as the stages see it."""
        return geometry.fit(self.of(picture).size, self._max_pixels)

    def plate(self, picture: Picture) -> Path:
        """Return a JPEG of a photograph as the stages see it.

        Raises
        ------
        PhotoError
            If it cannot be read.
        DiskFull
            If the disk has no room for it.
        """
        path = picture.source.parent / "plate.jpg"
        with picture.lock:
            if not path.exists():
                self._write(picture, path, self._max_pixels, quality=92)
        return path

    def _preview(self, picture: Picture) -> Preview:
        path = picture.source.parent / "preview.jpg"
        try:
            return Preview(path, self._write(picture, path, _PIXELS, quality=88))
        except PhotoError as error:
            return Preview(path, error=error)

    def _write(self, picture: Picture, path: Path, max_pixels: int, *, quality: int) -> tuple[int, int]:
        """Write a photograph as a JPEG of at most so many pixels, and return its own size."""
        with self._decoders:
            photo = read_photo(picture.source, name=picture.name, max_pixels=max_pixels)
            data = encode_photo(photo.pixels, photo, Output("jpeg", quality, "strip")).data
        with disk.making(path):
            atomic.write(path, data)
        return photo.original_size
