"""Keep albums on disk within bounds of size and age."""

import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline import disk
from studio.album import Album, Picture

RECENT_S = 3600
"""An album used within so many seconds may still be looked at: it goes for its age alone."""


class Shelf:
    """Keeps albums, up to a number of bytes on disk and for a time; the longest unused ones make room.

    Parameters
    ----------
    root : Path
        An existing folder for them.
    max_bytes : int
        Of all albums, which also leave as much of the disk free as they take themselves, so that a restoration finds
        room; what is being worked on, or was used in the last hour, stays even above it.
    max_age : float
        Seconds after which an unused album goes.
    """

    def __init__(self, root: Path, max_bytes: int, max_age: float) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._root = root
        self._albums: dict[str, Album] = {}
        self._lock = threading.Lock()

    def create(self, files: Sequence[tuple[str, bytes]]) -> Album:
        """Make an album.

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
        """Return an album, or None where there is none, or none any more."""
        with self._lock:
            album = self._albums.get(album_id)
            if album is not None:
                album.used = time.monotonic()
            return album

    def make_room(self) -> None:
        """Let the longest unused albums go until the others keep to their bounds."""
        with self._lock:
            total = sum(album.nbytes() for album in self._albums.values())
            most = min(self._max_bytes, (total + shutil.disk_usage(self._root).free) // 2)
            idle = [album for album in self._albums.values() if not album.busy]
            for album in sorted(idle, key=lambda album: album.used):
                unused = time.monotonic() - album.used
                if unused < self._max_age and (total <= most or unused < RECENT_S):
                    break
                total -= album.nbytes()
                del self._albums[album.id]
                shutil.rmtree(album.folder, ignore_errors=True)
