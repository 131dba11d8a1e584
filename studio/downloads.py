"""Files to download: made on demand, on disk, one picture at a time."""

import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from models.runtime import memory
from pipeline import disk
from pipeline.arrays import Image
from pipeline.batch.album import RESULTS, SETTINGS, Kept, to_text
from pipeline.batch.keys import digest_of
from pipeline.errors import OptionError, QueueFull
from pipeline.notices import figures, headline
from pipeline.photo import Metadata, Output, Photo, encode_photo, read_photo, restored_name, safe_stem
from pipeline.plan import to_json
from studio.album import Album
from studio.jobs import Job, JobQueue
from studio.picture import Made, Picture
from studio.sharing import before_and_after
from studio.shelf import Room

FOLDER = "made"
"""Folder of files to download, each in a folder of its own, in that of an album or of one of its pictures."""

_FETCHED_S = 600
"""Seconds after which a browser has fetched a file, or begun to."""

_MOST_AT_ONCE = 8
"""Unfinished downloads of one album."""

_REMEMBERED = 50
"""Finished downloads of one album that may still be asked for."""


def read_output(asked: Mapping[str, Any]) -> Output:
    """Return the output that a page asks for.

    Raises
    ------
    OptionError
        If an option is out of range, or the quality is no whole number.
    """
    known = {name: asked[name] for name in ("format", "quality", "metadata", "mark", "paper") if name in asked}
    if not isinstance(known.get("quality", 1), int):
        msg = f"Output.quality must be a whole number, not {known['quality']!r}."
        raise OptionError(msg)
    return Output(**known)


class Downloads:
    """Makes files to download.

    Parameters
    ----------
    queue : JobQueue
        A lane of its own: no file waits for a restoration, and only one picture at full size is in memory.
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

    def make(self, visitor: str, album: Album, picture: Picture, output: Output, stem: str, language: str) -> Job[Made]:
        """Return the job that writes a restored picture under its finish and strengths.

        Parameters
        ----------
        visitor : str
            Who asks for it.
        album : Album
        picture : Picture
            One of the album's.
        output : Output
        stem : str
            The file's name without its suffix; if empty, the photograph's with ``_restored``.
        language : str
            Of the notices.

        Raises
        ------
        OptionError
            If it is not restored.
        QueueFull
            If too many files are being made.
        """
        _ = picture.done
        return self._submit(visitor, album, [lambda _: self._encode(picture, output, stem, language)])

    def share(self, visitor: str, album: Album, picture: Picture, language: str) -> Job[Made]:
        """Return the job that writes a photograph beside its original, small enough for a message; as `make`."""
        _ = picture.done
        return self._submit(visitor, album, [lambda _: self._shared(picture, language)])

    def make_all(self, visitor: str, album: Album, output: Output, language: str) -> Job[Made]:
        """Return the job that completes a ZIP of all restored pictures of an album; two of one name get numbers.

        Each picture is a job of its own, so that others who download need not wait for all of them.

        Raises
        ------
        OptionError
            If none is restored.
        QueueFull
            If too many files are being made.
        """
        restored = [picture for picture in album.pictures if picture.restored is not None]
        if not restored:
            msg = "None of these photographs is restored yet; restore them first."
            raise OptionError(msg)
        path = _new_folder(album.folder / FOLDER) / "restored.zip"
        archive = _Archive(path, lambda picture: self._encode(picture, output, "", language), self._room)
        return self._submit(visitor, album, [*(partial(archive.add, picture) for picture in restored), archive.seal])

    def _submit(self, visitor: str, album: Album, works: Sequence[Callable[[Job[Any]], Any]]) -> Job[Made]:
        """Put work into the queue, and return its last job, which makes the file."""
        with self._lock:
            finished = [id_ for id_, job in album.downloads.items() if job.finished]
            if len(album.downloads) - len(finished) >= _MOST_AT_ONCE:
                msg = f"{_MOST_AT_ONCE} files are being made already. Please wait for one of them."
                raise QueueFull(msg)
            for id_ in finished[:-_REMEMBERED]:
                del album.downloads[id_]
            job: Job[Made] = self._queue.submit_all(works, visitor)[-1]
            album.downloads[job.id] = job
            return job

    def _encode(self, picture: Picture, output: Output, stem: str, language: str) -> Made:
        photo = self._read(picture)
        name = f"{safe_stem(stem + '.x')}{output.suffix}" if stem.strip() else restored_name(photo.name, output)
        return self._write(picture, picture.rendered(), photo, output, name, language)

    def _shared(self, picture: Picture, language: str) -> Made:
        photo, pixels = replace(self._read(picture), alpha=None, metadata=Metadata()), before_and_after(picture)
        name = f"{safe_stem(picture.name)}_before_after.jpg"
        return self._write(picture, pixels, photo, Output("jpeg"), name, language)

    def _read(self, picture: Picture) -> Photo:
        return read_photo(picture.source, name=picture.name, max_pixels=self._max_pixels, page=picture.page)

    def _write(self, picture: Picture, pixels: Image, photo: Photo, output: Output, name: str, language: str) -> Made:
        done = picture.done
        encoded = encode_photo(pixels, photo, output, history=done.history, guesses=done.guesses)
        path = _new_folder(picture.source.parent / FOLDER) / name
        with self._room(len(encoded.data)), disk.making(path):
            path.write_bytes(encoded.data)
        notices = (f"{headline(notice, language)} {figures(notice, language)}" for notice in encoded.notices)
        made = Made(path, tuple(notice.strip() for notice in notices))
        del encoded, photo, pixels
        memory.give_back()
        return made


class _Archive:
    """A ZIP that grows by one picture a job; after an error the rest is left out, and `seal` raises it."""

    def __init__(self, path: Path, encode: Callable[[Picture], Made], room: Room) -> None:
        self._path = path
        self._room = room
        self._encode = encode
        self._names: set[str] = set()
        self._notices: list[str] = []
        self._kept: list[Kept] = []
        self._plans: list[str] = []
        self._error: Exception | None = None

    def add(self, picture: Picture, _: Job[None]) -> None:
        """Encode one picture into the archive."""
        if self._error is not None:
            return
        try:
            self._add(picture)
        except Exception as error:  # noqa: BLE001 - `seal` raises it
            self._error = error

    def seal(self, _: Job[Made]) -> Made:
        """Return the archive, with what a run over a folder needs to carry it on.

        Raises
        ------
        Exception
            Whatever kept a picture from being added.
        """
        if self._error is not None:
            shutil.rmtree(self._path.parent, ignore_errors=True)
            raise self._error
        with zipfile.ZipFile(self._path, "a") as archive:
            archive.writestr(RESULTS, to_text(self._kept))
            archive.writestr(SETTINGS, Counter(self._plans).most_common(1)[0][0])
        return Made(self._path, tuple(self._notices))

    def _add(self, picture: Picture) -> None:
        made = self._encode(picture)
        name = _free(made.path.name, self._names)
        try:
            with (
                self._room(made.path.stat().st_size),
                disk.making(self._path),
                zipfile.ZipFile(self._path, "a", zipfile.ZIP_STORED) as archive,
            ):
                archive.write(made.path, name)  # not compressed: pictures are
            source, result = picture.source, digest_of(made.path)
            self._kept.append(Kept(source.stat().st_size, digest_of(source), picture.page, name, result))
            self._plans.append(to_json(picture.settled_plan()))
        finally:
            shutil.rmtree(made.path.parent)
        os.utime(self._path.parent)  # so that nobody takes it for one that was fetched long ago
        self._notices += [f"{picture.name}: {notice}" for notice in made.notices]


def _free(name: str, taken: set[str]) -> str:
    """Return the name, numbered if it is taken, and take it; not every system tells capitals apart."""
    stem, dot, suffix = name.rpartition(".")
    count, free = 1, name
    while free.casefold() in taken:
        count += 1
        free = f"{stem}_{count}{dot}{suffix}"
    taken.add(free.casefold())
    return free


def _new_folder(parent: Path) -> Path:
    """Return a new folder for one file, and delete those that were fetched long ago."""
    parent.mkdir(exist_ok=True)
    for old in parent.iterdir():
        with suppress(FileNotFoundError):  # another job deletes the parts of its ZIP
            if time.time() - old.stat().st_mtime > _FETCHED_S:
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=parent))
