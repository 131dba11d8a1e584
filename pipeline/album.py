"""Albums: the photographs that somebody brought together, what is made of them, and where both lie on disk.

An album outlives the page that made it: whoever knows its id finds it again, until it has to make room.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.engine import Engine
from pipeline import disk
from pipeline.cache import EarlierRun, Timing
from pipeline.finish import Finish
from pipeline.jobs import Job, State
from pipeline.layers import Layers
from pipeline.notices import Notice
from pipeline.photo import read_photo
from pipeline.plan import Plan
from pipeline.run import run
from pipeline.stage import Image
from pipeline.stages import Repair

RECENT_S = 3600
"""An album used within so many seconds may still be looked at: it goes for its age alone."""


@dataclass(frozen=True)
class Restored:
    """A restored photograph: what `pipeline.run.Result` says, with its pictures on disk."""

    plan: Plan
    layers: Layers
    timings: tuple[Timing, ...]
    notices: tuple[Notice, ...]
    original_size: tuple[int, int]
    """Width and height of the file."""

    history: str
    guesses: tuple[str, ...]
    """What models made up; see `pipeline.run.Result`."""


@dataclass(eq=False)
class Picture:
    """One photograph of an album."""

    name: str
    """The file's name, as it came."""

    source: Path
    size: tuple[int, int] = (0, 0)
    """Width and height that the stages see; known once the file is read."""

    job: Job[Restored] | None = None
    plan: Plan | None = None
    """What `job` does."""

    mask: Path | None = None
    """Its damage, as a person has corrected it."""

    restored: Restored | None = None
    """What the last job that went well has made."""

    finish: Finish = field(default_factory=Finish)
    strengths: dict[str, float] = field(default_factory=dict)
    """The live finish, and the strength of each stage, as they stand."""

    @property
    def state(self) -> State | None:
        """Where its job stands; None before it has one. A waiting job that was cancelled has stopped."""
        if self.job is None:
            return None
        waits = self.job.state is State.WAITING
        return State.CANCELLED if waits and self.job.cancelled() else self.job.state

    @property
    def busy(self) -> bool:
        """Whether its job waits or runs."""
        return self.state in (State.WAITING, State.RUNNING)

    def weights(self) -> list[float]:
        """Return the weight of each picture under the strengths as they stand.

        Raises
        ------
        ValueError
            If it is not restored.
        """
        return self.done.layers.mix(self.strengths)

    @property
    def done(self) -> Restored:
        """What was made of it.

        Raises
        ------
        ValueError
            If it is not restored.
        """
        if self.restored is None:
            msg = f"{self.name} is not restored yet; wait for its job."
            raise ValueError(msg)
        return self.restored

    def rendered(self) -> Image:
        """Return the full result under the live finish and the strengths as they stand, RGB float32 in [0, 1]."""
        return self.finish.apply(self.done.layers.full(self.weights()), reuse=True)

    def settled_plan(self) -> Plan:
        """Return the plan with the live finish and the strengths in it: what the command line needs to repeat it.

        A mask of one's own is left out, for its file lies here: it is saved from the page, and given beside the plan.
        """
        plan = self.done.plan
        stages = tuple(replace(s, mask="") if isinstance(s, Repair) else s for s in plan.stages)
        running = {stage.name for stage in plan.stages}
        strengths = {name: value for name, value in self.strengths.items() if value != 1 and name in running}
        return Plan(stages, plan.optional, self.finish, strengths)


@dataclass(eq=False)
class Album:
    """Photographs that belong together, in a folder of their own."""

    id: str
    """Hard to guess: who knows it may see the album."""

    folder: Path
    pictures: list[Picture]
    used: float = field(default_factory=time.monotonic)

    @property
    def busy(self) -> bool:
        """Whether any of its photographs waits or is being restored."""
        return any(picture.busy for picture in self.pictures)

    def cancel(self) -> None:
        """Cancel everything that waits or runs."""
        for picture in self.pictures:
            if picture.job is not None:
                picture.job.cancel()

    def nbytes(self) -> int:
        """Return the bytes of its files."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):  # a job may be taking files away
                    total += Path(folder, name).stat().st_size
        return total


def restore(picture: Picture, plan: Plan, engine: Engine, job: Job[Restored], *, max_pixels: int) -> Restored:
    """Restore one photograph; this is the work of a job.

    The result before this one is deleted once the new one is whole.

    Raises
    ------
    StudioError
        As `read_photo` and `run` do; also where the disk is full.
    """
    photo = read_photo(picture.source, name=picture.name, max_pixels=max_pixels)
    picture.size = photo.size
    folder = Path(tempfile.mkdtemp(dir=picture.source.parent, prefix="layers-"))
    layers = Layers(folder, plan.stages)
    try:
        with disk.making(folder):
            result = run(
                plan,
                photo,
                engine,
                progress=job.report,
                cancelled=job.cancelled,
                earlier=_earlier(picture),
                keep=layers.add,
            )
    except BaseException:
        layers.remove()
        raise
    layers.seal()
    before, picture.finish, picture.strengths = picture.restored, plan.finish, dict(plan.strengths)
    picture.restored = Restored(
        plan,
        layers,
        result.timings,
        result.notices,
        original_size=photo.original_size,
        history=result.history,
        guesses=result.guesses,
    )
    if before is not None:
        before.layers.remove()
    return picture.restored


def _earlier(picture: Picture) -> EarlierRun | None:
    """Return the run that made what is kept of a picture."""
    kept = picture.restored
    return None if kept is None else EarlierRun(kept.plan, kept.layers, kept.timings, kept.notices)


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
