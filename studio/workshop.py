"""What a server keeps between requests, and everything that a page or a route may ask of it."""

import secrets
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any

from models.runtime import memory
from models.runtime.engine import Engine
from pipeline.codecs.geometry import fit
from pipeline.config import Config
from pipeline.errors import QueueFull
from pipeline.finish import Finish
from pipeline.photo import Output, prepare
from pipeline.plan import Plan, with_stages
from studio import sizes
from studio.album import Album
from studio.comparison import Comparison, against
from studio.cuts import Corners, Cuts
from studio.damage_maps import DamageMaps
from studio.downloads import Downloads
from studio.examining import examine
from studio.excerpts import Excerpts
from studio.face_finder import FaceFinder, Found
from studio.jobs import Job, JobQueue, State
from studio.picture import Made, Picture, Preview, Restored, Suggestion
from studio.previews import Previews
from studio.restoring import restore
from studio.shelf import Shelf
from studio.stopping import stop
from studio.submissions import Submissions
from studio.temporary import TemporaryFolder
from studio.time_left import Pace
from studio.view import View
from studio.views import Views
from studio.visitors import Visitors

_TIDY_S = 600
_DECODERS = 2
_MORE_JOBS = 16
"""Jobs of one visitor beside the photographs of an album."""

_SHORT = 10
"""So many more visitors may wait for jobs of a second than for networks."""

_VIEW_BYTES = 250_000_000


class Workshop:
    """The albums of a server, and the work on them. Safe to share between threads; nothing here waits for a job.

    Networks run in one queue, one job at a time. What holds a whole result in memory (downloads, comparisons) runs in
    another, so that it need not wait for a restoration. Small pictures run in a third, where one photograph that takes
    long to decode keeps only its own visitor waiting, and parts of results in a fourth. In each, visitors, named by
    `Visitors.name`, are served round-robin.

    Parameters
    ----------
    config : Config
        The limits of the installation.

    Raises
    ------
    ModelError
        If this machine cannot compute.
    """

    def __init__(self, config: Config) -> None:
        memory.keep_little()
        self.config = config
        self.id = secrets.token_urlsafe(9)
        """Tells this server from the one before a restart."""
        self.visitors = Visitors()
        prepare()
        self.engine = Engine()
        self._folder = TemporaryFolder()
        self._shelf = Shelf(self._folder.path, config.keep_megabytes * 1_000_000, config.keep_hours * 3600)
        room = self._shelf.room
        most = config.max_waiting, config.max_pictures + _MORE_JOBS
        self._networks = JobQueue(*most)
        self._results = JobQueue(*most)
        many = config.max_waiting * _SHORT, config.max_pictures + _MORE_JOBS
        self._small = JobQueue(*many, at_once=_DECODERS)
        self._looks = JobQueue(*many, at_once=2, at_once_each=2, max_bytes=_VIEW_BYTES)
        self._queues = (self._networks, self._results, self._small, self._looks)
        self._pace = Pace()
        self._previews = Previews(self._small, config.max_pixels, room)
        self._damage = DamageMaps(self._networks, self.engine, self._previews, self._small, config.max_pixels, room)
        self._faces = FaceFinder(self._networks, self.engine, config.max_pixels)
        self._downloads = Downloads(self._results, config.max_pixels, room)
        self._cuts = Cuts(self._results, self._shelf, config.max_full_pixels)
        self.submissions = Submissions(self._networks, self._shelf, self.engine, config)
        self.excerpts = Excerpts(self._networks, self.engine, config, room)
        self._views = Views(self._looks, self._folder.path)
        self._submitting = threading.Lock()
        self._stopping = threading.Lock()
        self._closing = threading.Event()
        self._tidying = threading.Thread(target=self._shelf.tidy, args=(_TIDY_S, self._closing), daemon=True)
        self._tidying.start()

    def stop(self, seconds: float = 0.0) -> None:
        """Take no more work, and end what there is; see `stopping.stop`. A second call waits for the first one."""
        with self._stopping:
            stop(self._queues, self.submissions, seconds)

    def close(self) -> None:
        """Stop, and delete every album."""
        self._closing.set()
        self.stop()
        self._tidying.join()
        self._folder.close()

    def create(self, files: Sequence[tuple[str, bytes]], visitor: str = "") -> Album:
        """Return a new album of photographs, each a name and a file's content; see `Shelf.create`.

        `recent` finds it for its visitor.
        """
        return self._shelf.create(files, visitor if self.visitors.is_sure(visitor) else "")

    def recent(self, visitor: str) -> list[Album]:
        """Return the albums that a visitor uploaded, the last used first; none where many may share the name."""
        return self._shelf.of(visitor) if self.visitors.is_sure(visitor) else []

    def add(self, album: Album, files: Sequence[tuple[str, bytes]]) -> None:
        """Add photographs to an album; see `create`."""
        self._shelf.add(album, files)

    def prints(self, visitor: str, picture: Picture) -> Job[list[Corners]]:
        """Return the job that finds the prints on a scan; see `Cuts.find`."""
        return self._cuts.find(visitor, picture)

    def cut(self, visitor: str, album: Album, number: int, outlines: Sequence[Corners]) -> Job[list[int]]:
        """Return the job that replaces a scan by the photographs on it; see `Cuts.cut`."""
        return self._cuts.cut(visitor, album, number, outlines)

    def room(self, nbytes: int) -> AbstractContextManager[None]:
        """Return the context in which an upload of so many bytes is received; see `Shelf.room`."""
        return self._shelf.room(nbytes)

    def album(self, album_id: str) -> Album | None:
        """Return an album; None where there is none of that id, or it was evicted."""
        return self._shelf.get(album_id)

    def submit(
        self,
        visitor: str,
        pictures: Sequence[Picture],
        plan: Plan,
        follow: Collection[str] = (),
        *,
        is_full: bool = False,
    ) -> None:
        """Put the restoration of photographs into the queue; those that wait or run already are left alone.

        Parameters
        ----------
        visitor : str
            Who asks for it.
        pictures : sequence of Picture
            Those that are to be restored.
        plan : Plan
            What to do.
        follow : collection of str
            Stages that are run besides on each photograph for which they are surely suggested.
        is_full : bool
            Whether to work at full size, as far as `sizes.cap` allows.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        with self._submitting:
            idle = [picture for picture in pictures if not picture.busy]  # another tab may have submitted the others
            work = [partial(self._restore, picture, plan, follow) for picture in idle]
            jobs = self._networks.submit_all(work, visitor)
            for picture, job in zip(idle, jobs, strict=True):
                picture.job, picture.plan, picture.is_full = job, plan, is_full
                self._postpone(picture)

    def _postpone(self, picture: Picture) -> None:
        """Cancel an examination that waits, so that the restoration goes first; the next look submits another."""
        if picture.examination is not None and picture.examination.state is State.WAITING:
            picture.examination.cancel()
            picture.examination = None

    def _restore(self, picture: Picture, plan: Plan, follow: Collection[str], job: Job[Restored]) -> Restored:
        plan = self._followed(picture, plan, follow)
        with self._submitting:  # the job may have begun before `submit` has recorded its plan
            picture.plan = plan
        cap = sizes.cap(self.config, plan, is_full=picture.is_full)
        made = restore(picture, plan, self.engine, job, max_pixels=cap, room=self._shelf.room)
        self._pace.learn(plan, prod(fit(made.original_size, cap)), made.timings)
        memory.give_back()
        return made

    def _followed(self, picture: Picture, plan: Plan, follow: Collection[str]) -> Plan:
        """Return a plan with the stages that are surely suggested for a photograph; it is examined where needed."""
        if not follow:
            return plan
        known = picture.suggestions
        found = examine(picture, self.engine, follow) if known is None else known
        return with_stages(plan, [name for name, each in found.items() if each.sure and name in follow])

    def cancel(self, pictures: Iterable[Picture]) -> None:
        """Cancel the restorations of photographs that wait or run."""
        for picture in pictures:
            if picture.job is not None:
                picture.job.cancel()

    def ahead(self, job: Job[Any]) -> int:
        """Return how many jobs come before one of this workshop."""
        return sum(queue.ahead(job) for queue in self._queues)  # those that it is not in say 0

    def time_left(self, picture: Picture) -> float | None:
        """Return the seconds that the restoration of a photograph still takes; None before it has begun."""
        if picture.job is None or picture.plan is None:
            return None
        width, height = sizes.working(self.config, picture, picture.plan, is_full=picture.is_full)
        return self._pace.left(picture.plan, width * height, picture.job)

    def time_left_of(self, pictures: Iterable[Picture]) -> float | None:
        """Return the seconds until photographs that wait or run are restored; None while that is not known.

        One whose size nobody knows yet counts as much as the mean of the others.
        """
        busy = [picture for picture in pictures if picture.busy]
        times = [
            self.time_left(picture) if picture.state is State.RUNNING else self.expected_time(picture.plan, picture)
            for picture in busy
            if picture.plan
        ]
        known = [seconds for seconds in times if seconds is not None]
        return sum(known) / len(known) * len(busy) if known else None

    def expected_time(self, plan: Plan, picture: Picture, *, is_full: bool = False) -> float | None:
        """Return the seconds that a restoration would take on this computer; None while that is not known."""
        width, height = sizes.working(self.config, picture, plan, is_full=is_full)  # 0 until somebody looked at it
        return self._pace.expected(plan, width * height) if width else None

    def preview(self, visitor: str, picture: Picture) -> Job[Preview]:
        """Return the job that makes a photograph at screen size; see `Previews.of`."""
        return self._previews.of(visitor, picture)

    def plate(self, visitor: str, picture: Picture) -> Job[Path]:
        """Return the job that writes a photograph as the stages see it; see `Previews.plate`."""
        return self._previews.plate(visitor, picture)

    def look(self, visitor: str, picture: Picture, view: View, shares: list[float], finish: Finish) -> Job[IO[bytes]]:
        """Return the job that makes a part of a result; see `Views.look`."""
        return self._views.look(visitor, picture, view, shares, finish)

    def examine(self, visitor: str, picture: Picture) -> Mapping[str, Suggestion] | None:
        """Return the suggestions for a photograph, by the names of stages; None while they are not known.

        The first call submits the job that finds out; where the queue is full, the next one does.
        """
        with self._submitting, suppress(QueueFull):
            if picture.examination is None:
                picture.examination = self._networks.submit(
                    lambda _: examine(picture, self.engine), visitor, light=True
                )
        return picture.suggestions

    def faces(self, visitor: str, picture: Picture, enlarged: float) -> Job[Found]:
        """Return the job that finds the faces of a photograph; see `FaceFinder.find`."""
        return self._faces.find(visitor, picture, enlarged)

    def damage(self, visitor: str, picture: Picture, model: str) -> Job[Path]:
        """Return the job that looks for damage with a detector; see `DamageMaps.find`."""
        return self._damage.find(visitor, picture, model)

    def keep_mask(self, visitor: str, picture: Picture, file: IO[bytes]) -> Job[None]:
        """Return the job that records the mask that a person corrected; see `DamageMaps.keep_mask`."""
        return self._damage.keep_mask(visitor, picture, file)

    def download(
        self, visitor: str, album: Album, picture: Picture, output: Output, stem: str = "", language: str = "en"
    ) -> Job[Made]:
        """Return the job that writes a restored picture; see `Downloads.make`."""
        return self._downloads.make(visitor, album, picture, output, stem, language)

    def share(self, visitor: str, album: Album, picture: Picture, language: str = "en") -> Job[Made]:
        """Return the job that writes a photograph beside its original; see `Downloads.share`."""
        return self._downloads.share(visitor, album, picture, language)

    def download_all(self, visitor: str, album: Album, output: Output, language: str = "en") -> Job[Made]:
        """Return the job that completes a ZIP of all restored pictures; see `Downloads.make_all`."""
        return self._downloads.make_all(visitor, album, output, language)

    def compare(self, visitor: str, picture: Picture, name: str, data: bytes) -> Job[Comparison]:
        """Return the job that compares a restored picture with a reference; see `against`."""
        return self._results.submit(lambda _: against(picture, name, data), visitor)
