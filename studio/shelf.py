"""Keep albums on disk within bounds of size and age."""

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline import disk
from studio.album import Album, Picture

RECENT_S = 3600
"""Albums used within so many seconds are evicted only by age."""

_LOG = logging.getLogger(__name__)


class Shelf:
    """Keeps albums up to a number of bytes on disk and up to an age; evicts the least recently used.

    Parameters
    ----------
    root : Path
        An existing folder for them.
    max_bytes : int
        Of all albums. They also leave as much of the disk free as they take themselves, so that a restoration finds
        room. Albums with unfinished jobs, or used in the last hour, stay even above it.
    max_age : float
        Seconds after which an unused album is evicted.
    """

    def __init__(self, root: Path, max_bytes: int, max_age: float) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._root = root
        self._albums: dict[str, Album] = {}
        self._lock = threading.Lock()

    def create(self, files: Sequence[tuple[str, bytes]]) -> Album:
        """Return a new album.

        Parameters
        ----------
        files : sequence of (str, bytes)
            The name and the content of each photograph.

        Raises
        ------
        DiskFull
            If the disk has no room for them.
        """
        album_id = secrets.token_urlsafe(9)
        folder = self._root / album_id
        pictures = []
        with disk.making(folder):
            for number, (name, data) in enumerate(files):
                source = folder / str(number) / "source"
                source.parent.mkdir(parents=True)
                source.write_bytes(data)
                pictures.append(Picture(name, source))
        album = Album(album_id, folder, pictures)
        with self._lock:
            self._albums[album_id] = album
        self.make_room()
        return album

    def get(self, album_id: str) -> Album | None:
        """Return an album; None where there is none of that id, or it was evicted."""
        with self._lock:
            album = self._albums.get(album_id)
            if album is not None:
                album.used = time.monotonic()
            return album

    def make_room(self) -> None:
        """Evict the least recently used albums until the others keep to the bounds."""
        with self._lock:
            total = sum(album.nbytes() for album in self._albums.values())
            most = min(self._max_bytes, (total + shutil.disk_usage(self._root).free) // 2)
            idle = [album for album in self._albums.values() if not album.in_use]
            for album in sorted(idle, key=lambda album: album.used):
                unused = time.monotonic() - album.used
                if unused < self._max_age and (total <= most or unused < RECENT_S):
                    break
                total -= album.nbytes()
                del self._albums[album.id]
                shutil.rmtree(album.folder, ignore_errors=True)

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
