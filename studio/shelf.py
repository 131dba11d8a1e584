"""Keep albums on disk within bounds of size and age."""

import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from pipeline import disk
from pipeline.errors import DiskFull
from studio.album import Album
from studio.picture import Picture

RECENT_S = 3600
"""Albums used within so many seconds are evicted only by age: somebody may be looking at them."""

Room = Callable[[int], AbstractContextManager[object]]
"""What `Shelf.room` is: whatever writes into an album asks for it first."""

Content = bytes | IO[bytes]
"""A photograph's file, in memory or open for reading."""

_LOG = logging.getLogger(__name__)


class Shelf:
    """Keeps albums up to a number of bytes on disk and up to an age; evicts the least recently used.

    Parameters
    ----------
    root : Path
        An existing folder for them.
    max_bytes : int
        Of all albums. They also leave as much of the disk free as they take themselves. Whatever would exceed either
        bound is refused before it is written, once every album is evicted that has no unfinished job and was not used
        in the last hour.
    max_age : float
        Seconds after which an unused album is evicted.
    """

    def __init__(self, root: Path, max_bytes: int, max_age: float) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._root = root
        self._albums: dict[str, Album] = {}
        self._reserved = 0
        self._lock = threading.Lock()
        """Held for a moment by whoever asks for an album, also in the server's loop."""

        self._evicting = threading.Lock()
        """Held while the files of all albums are measured."""

    def create(self, files: Sequence[tuple[str, Content]], visitor: str = "") -> Album:
        """Return a new album.

        Parameters
        ----------
        files : sequence of (str, bytes or file)
            The name and the content of each photograph.
        visitor : str
            Who uploads them, where that is known.

        Raises
        ------
        DiskFull
            If there is no room for them.
        """
        album_id = secrets.token_urlsafe(9)
        album = Album(album_id, self._root / album_id, visitor=visitor)
        with disk.making(album.folder):
            album.folder.mkdir()
            self.add(album, files)
        with self._lock:
            self._albums[album_id] = album
        return album

    def add(self, album: Album, files: Sequence[tuple[str, Content]]) -> list[int]:
        """Add photographs to an album and return their numbers; the arguments and errors are those of `create`."""
        numbers = []
        with self.room(sum(_length(data) for _, data in files)):
            for name, data in files:
                with self._lock:
                    number = album.taken
                    album.taken += 1
                source = album.folder / str(number) / "source"
                with disk.making(source.parent):
                    source.parent.mkdir()
                    _write(source, data)
                album.numbered[number] = Picture(name, source)
                numbers.append(number)
        return numbers

    def get(self, album_id: str) -> Album | None:
        """Return an album; None where there is none of that id, or it was evicted."""
        with self._lock:
            album = self._albums.get(album_id)
            if album is not None:
                album.used = time.monotonic()
            return album

    def ids(self) -> set[str]:
        """Return the ids of all albums."""
        with self._lock:
            return set(self._albums)

    def remove(self, album: Album) -> None:
        """Delete an album, unless a job needs it."""
        with self._evicting:  # whoever measures it meanwhile would count what is no longer there
            if album.id in self.ids():
                self._drop(album)

    def of(self, visitor: str) -> list[Album]:
        """Return the albums of a visitor that hold photographs, the one that was used last first."""
        with self._lock:
            found = [album for album in self._albums.values() if album.visitor == visitor and album.numbered]
        return sorted(found, key=lambda album: album.used, reverse=True)

    @contextmanager
    def room(self, nbytes: int) -> Iterator[None]:
        """Context in which up to so many bytes are written, here or elsewhere on this disk.

        Albums are evicted for them. What is being written counts twice, so that two writers never exceed the bounds.

        Raises
        ------
        DiskFull
            If there is no room for them.
        """
        with self._evicting:
            total, most = self._evict(nbytes)
            if total + nbytes > most:
                msg = (
                    f"There is no room for {_megabytes(nbytes)} MB: photographs in use take {_megabytes(total)} of the "
                    f"{_megabytes(most)} MB that the studio may use. Please try again later."
                )
                raise DiskFull(msg)
            with self._lock:
                self._reserved += nbytes
        try:
            yield
        finally:
            with self._lock:
                self._reserved -= nbytes

    def make_room(self) -> None:
        """Evict the least recently used albums until the others keep to the bounds, and those that are too old."""
        with self._evicting:
            self._evict(0)

    def _evict(self, nbytes: int) -> tuple[int, int]:
        """Make room for so many more bytes; return the bytes that are taken or reserved, and how many may be."""
        with self._lock:
            albums, reserved = list(self._albums.values()), self._reserved
        sizes = {album.id: album.nbytes() for album in albums}  # takes long, and pages go on meanwhile
        total = sum(sizes.values()) + reserved
        most = min(self._max_bytes, (total - reserved + shutil.disk_usage(self._root).free) // 2)
        for album in sorted(albums, key=lambda album: album.used):
            unused = time.monotonic() - album.used
            if unused < self._max_age and (total + nbytes <= most or unused < RECENT_S):
                break
            if self._drop(album):
                total -= sizes[album.id]
        return total, most

    def _drop(self, album: Album) -> bool:
        """Evict an album, unless a job needs it; return whether it was evicted."""
        with self._lock:
            if album.in_use:
                return False
            del self._albums[album.id]
        shutil.rmtree(album.folder, ignore_errors=True)
        return True

    def tidy(self, every: float, stop: threading.Event) -> None:
        """Evict albums when they are too old, also where nobody visits the server; returns after `stop`.

        Parameters
        ----------
        every : float
            Seconds between two looks.
        stop : Event
        """
        while not stop.wait(every):
            try:
                self.make_room()
            except OSError:  # of a disk that may come back
                _LOG.exception("The albums could not be tidied.")


def _length(content: Content) -> int:
    """Return the length of a photograph's file in bytes."""
    return len(content) if isinstance(content, bytes) else content.seek(0, os.SEEK_END)


def _write(path: Path, content: Content) -> None:
    """Write a photograph's file."""
    if isinstance(content, bytes):
        path.write_bytes(content)
        return
    content.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _megabytes(nbytes: int) -> int:
    return -(-nbytes // 1_000_000)
