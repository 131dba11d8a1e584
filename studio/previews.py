"""Small pictures of a photograph, each made once: for a list, and as the stages see it."""

import threading
from pathlib import Path

from models.files import atomic
from pipeline import disk
from pipeline.codecs import geometry
from pipeline.errors import PhotoError
from pipeline.photo import Output, Photo, count_pages, encode_photo, read_photo
from studio.jobs import Job, JobQueue, is_useful
from studio.picture import Picture, Preview
from studio.shelf import Room

_PIXELS = 900_000


class Previews:
    """Makes small pictures of photographs; no network runs here.

    Parameters
    ----------
    queue : JobQueue
        A lane of its own; each job decodes one photograph.
    max_pixels : int
        Of a photograph as the stages see it.
    room : callable
        `Shelf.room`.
    """

    def __init__(self, queue: JobQueue, max_pixels: int, room: Room) -> None:
        self._queue = queue
        self._room = room
        self._max_pixels = max_pixels
        self._lock = threading.Lock()

    def of(self, visitor: str, picture: Picture) -> Job[Preview]:
        """Return the job that makes a photograph's preview, or finds out why it cannot be read; submitted once.

        A failed job is returned once; the next call submits another.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        with self._lock:
            job = picture.preview
            if job is None:
                job = self._queue.submit(lambda _: self._preview(picture), visitor)
            picture.preview = job if is_useful(job) else None
            return job

    def plate(self, visitor: str, picture: Picture) -> Job[Path]:
        """Return the job that writes a JPEG of a photograph as the stages see it; as `of`."""
        with self._lock:
            job = picture.plate
            if job is None:
                job = self._queue.submit(lambda _: self._plate(picture), visitor)
            picture.plate = job if is_useful(job) else None
            return job

    def size(self, picture: Picture) -> tuple[int, int]:
        """Return width and height of a photograph as the stages see it; it may be decoded for that.

        Raises
        ------
        PhotoError
            If it cannot be read.
        """
        if picture.size == (0, 0):
            picture.size = _read(picture, self._max_pixels).size
        return picture.size

    def _preview(self, picture: Picture) -> Preview:
        path = picture.folder / "preview.jpg"
        try:
            photo = self._write(picture, path, _PIXELS, quality=88)
        except PhotoError as error:
            return Preview(path, error=error, page=picture.page or 1, pages=_pages(picture))
        return Preview(path, photo.original_size, page=photo.page, pages=photo.pages)

    def _plate(self, picture: Picture) -> Path:
        path = picture.folder / "plate.jpg"
        self._write(picture, path, self._max_pixels, quality=92)
        return path

    def _write(self, picture: Picture, path: Path, max_pixels: int, *, quality: int) -> Photo:
        """Write a photograph as a JPEG of at most so many pixels, and return it."""
        photo = _read(picture, max_pixels)
        data = encode_photo(photo.pixels, photo, Output("jpeg", quality, "strip")).data
        with self._room(len(data)), disk.making(path):
            atomic.write(path, data)
        picture.size = geometry.fit(photo.original_size, self._max_pixels)
        return photo


def _read(picture: Picture, max_pixels: int) -> Photo:
    return read_photo(picture.source, name=picture.name, max_pixels=max_pixels, page=picture.page)


def _pages(picture: Picture) -> int:
    """Return how many pages there are to choose from where one cannot be read."""
    try:
        return count_pages(picture.source)
    except PhotoError:
        return 1
