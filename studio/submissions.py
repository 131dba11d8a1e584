"""Jobs of programs: one photograph each, restored and written as a file in one go."""

import hashlib
import io
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from models.runtime import memory
from models.runtime.engine import Engine
from pipeline import disk
from pipeline.config import Config
from pipeline.errors import IdTaken, PhotoUnreadable
from pipeline.mask import read_mask
from pipeline.notices import Notice
from pipeline.photo import Output, encode_photo, format_of, read_photo, restored_name
from pipeline.plan import Plan, to_json
from pipeline.run import run
from studio import sizes
from studio.album import Album
from studio.deliveries import Delivered, Deliveries, Delivery
from studio.jobs import Job, JobQueue
from studio.shelf import Shelf

_MASK = "mask"
"""Name of the mask among the files of a job."""


@dataclass(frozen=True)
class Wish:
    """What a program wants of a photograph."""

    plan: Plan
    output: Output
    page: int | None = None
    """Which page of the file; its own choice by default."""

    is_full: bool = False
    """Whether the stages work at full size, as far as `sizes.cap` allows."""


@dataclass(frozen=True)
class Product:
    """A restored photograph as a file."""

    path: Path
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Submission:
    """A job of a program."""

    id: str
    owner: str
    digest: str
    """Of the photograph, its mask, the wish and where the result is sent."""

    album: Album
    """Holds the photograph and what is made of it."""

    job: Job[Product]
    delivered: Delivered


@dataclass(frozen=True)
class Figures:
    """What a server did for programs, and what it has to do for everybody."""

    ended: Mapping[str, int]
    """Jobs of programs by the state in which they ended."""

    seconds: float
    """Of those jobs together, from their submission to their end."""

    running: int
    waiting: int
    """Jobs in the queue of networks, those of pages included."""


class Submissions:
    """The jobs of all programs. Each ends as done, failed or cancelled, and is kept as long as its album.

    Parameters
    ----------
    queue : JobQueue
        That of networks; `Job.owner` is the program's.
    shelf : Shelf
        Keeps photographs and results.
    engine : Engine
    config : Config
        The caps of photographs, and the hosts that results may be sent to.
    """

    def __init__(self, queue: JobQueue, shelf: Shelf, engine: Engine, config: Config) -> None:
        self._queue = queue
        self._shelf = shelf
        self._engine = engine
        self._config = config
        self.deliveries = Deliveries(config.api_hosts, config.max_pictures)
        self._kept: dict[tuple[str, str], Submission] = {}
        self._ended: Counter[str] = Counter()
        self._seconds = 0.0
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        """Held where a job ends, which may be while the queue is locked; `_lock` is taken before the queue's."""

    @property
    def is_open(self) -> bool:
        """Whether jobs can be submitted."""
        return not self._queue.is_closed

    def submit(
        self,
        owner: str,
        file: IO[bytes],
        name: str,
        wish: Wish,
        *,
        mask: IO[bytes] | None = None,
        delivery: Delivery = Delivery(),  # noqa: B008 (frozen)
        known_as: str = "",
    ) -> tuple[Submission, bool]:
        """Submit the restoration of a photograph; return it, and whether it is new. Writes to the disk.

        Parameters
        ----------
        owner : str
            Who submits it; only the owner finds it again.
        file : file
            The photograph; read, and left open.
        name : str
            The file's name.
        wish : Wish
        mask : file, optional
            The damage, as `pipeline.mask.read_mask` takes it.
        delivery : Delivery
            Where the caller sends the result; another one is another job.
        known_as : str
            An id that the owner chose; where a job of this id does the same, that one is returned. A new id by default.

        Raises
        ------
        PhotoUnreadable
            If a file is no picture.
        IdTaken
            If a job of this id does something else.
        DiskFull, QueueFull
            If there is no room for it.
        """
        digest = _digest(file, name, wish, mask, delivery)
        known = self.find(owner, known_as)
        if known is not None:
            return _same(known, digest), False
        masks = [] if mask is None else [(_MASK, mask)]
        album, kept = self._shelf.create([(name, file), *masks]), None
        try:
            photograph, *drawn = album.pictures
            _check(photograph.source, "a photograph")
            for each in drawn:
                _check(each.source, "a picture as the mask")
            kept = self._put(owner, known_as or secrets.token_urlsafe(9), digest, album, wish)
            return _same(kept, digest), kept.album is album
        finally:
            if kept is None or kept.album is not album:
                self._shelf.remove(album)

    def _put(self, owner: str, known_as: str, digest: str, album: Album, wish: Wish) -> Submission:
        """Put a job into the queue, and return it; where there is one of this id meanwhile, return that one."""
        with self._lock:
            self._forget()
            known = self._kept.get((owner, known_as))
            if known is not None:
                return known
            job = self._queue.submit(partial(self._restore, album, wish), owner)
            album.requested = job
            made = self._kept[owner, known_as] = Submission(known_as, owner, digest, album, job, album.delivered)
        job.when_finished(partial(self._count, job, time.monotonic()))
        return made

    def _forget(self) -> None:
        """Forget the jobs whose albums were evicted."""
        there = self._shelf.ids()
        self._kept = {name: each for name, each in self._kept.items() if each.album.id in there}

    def _restore(self, album: Album, wish: Wish, job: Job[Product]) -> Product:
        (picture, *masks), plan, output = album.pictures, wish.plan, wish.output
        source, cap = picture.source, sizes.cap(self._config, plan, is_full=wish.is_full)
        photo = read_photo(source, name=picture.name, max_pixels=cap, page=wish.page)
        mask, resized = read_mask(masks[0].source, photo, name="") if masks else (None, ())
        result = run(plan, photo, self._engine, mask=mask, progress=job.report, cancelled=job.cancelled)
        pixels = plan.finish.apply(result.pixels)
        encoded = encode_photo(pixels, photo, output, history=result.history, guesses=result.guesses)
        path = source.parent / restored_name(photo.name, output)
        with self._shelf.room(len(encoded.data)), disk.making(path):
            path.write_bytes(encoded.data)
        made = Product(path, (*resized, *result.notices, *encoded.notices))
        del encoded, photo, pixels, result
        memory.give_back()
        return made

    def _count(self, job: Job[Product], submitted: float) -> None:
        with self._counting:
            self._ended[job.state.value] += 1
            self._seconds += time.monotonic() - submitted

    def find(self, owner: str, known_as: str) -> Submission | None:
        """Return a job of an owner; None where there is none of this id, or its album was evicted."""
        with self._lock:
            known = self._kept.get((owner, known_as))
        return known if known and self._shelf.get(known.album.id) else None

    def has(self, job: Job[Any]) -> bool:
        """Return whether a job is one of a program."""
        with self._lock:
            return any(each.job is job for each in self._kept.values())

    def ahead(self, submission: Submission) -> int:
        """Return how many jobs come before one."""
        return self._queue.ahead(submission.job)

    def cancel(self, submission: Submission) -> None:
        """Ask a job to stop; one that waits is cancelled at once."""
        self._queue.cancel(submission.job)

    def remove(self, submission: Submission) -> None:
        """Delete a finished job, with its photograph and its result. Writes to the disk."""
        self._shelf.remove(submission.album)
        with self._lock:
            self._forget()

    def figures(self) -> Figures:
        """Return what the server did, and what it has to do."""
        running, waiting = self._queue.count()
        with self._counting:
            return Figures(dict(self._ended), self._seconds, running, waiting)


def _check(path: Path, expected: str) -> None:
    """Refuse a file that is no picture before it waits in the queue."""
    if not format_of(path):
        got = "another kind of file" if path.stat().st_size else "an empty file. Copy it again from its source"
        msg = f"Expected {expected} (JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP or GIF), got {got}."
        raise PhotoUnreadable(msg)


def _same(known: Submission, digest: str) -> Submission:
    if known.digest != digest:
        msg = f"Expected what the job {known.id} was made of, got another photograph or settings. Choose another id."
        raise IdTaken(msg)
    return known


def _digest(file: IO[bytes], name: str, wish: Wish, mask: IO[bytes] | None, delivery: Delivery) -> str:
    contents = [_content(file), "" if mask is None else _content(mask)]
    wanted = to_json(wish.plan), repr((wish.output, wish.page, wish.is_full))
    made_of = *contents, repr(name), *wanted, repr(delivery)
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()


def _content(file: IO[bytes]) -> str:
    """Return the SHA-256 of a file."""
    file.seek(0)
    return hashlib.file_digest(cast("io.BufferedIOBase", file), "sha256").hexdigest()
