"""What all browser sessions share, and the work that one of them orders."""

import ctypes
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from models.runtime.engine import Engine
from pipeline import config
from pipeline.config import Config
from pipeline.plan import Plan
from pipeline.stages import Repair
from studio.album import Album, Picture, Restored
from studio.jobs import Job, JobQueue
from studio.restoring import restore
from studio.shelf import Shelf
from studio.temporary import PassingFolder
from studio.time_left import Pace


@dataclass(frozen=True)
class Workshop:
    """The engine, the queue and the albums of this server."""

    config: Config
    engine: Engine
    queue: JobQueue
    shelf: Shelf
    pace: Pace = field(default_factory=Pace)


_LOG = logging.getLogger(__name__)
_opening = threading.Lock()
_ordering = threading.Lock()
_TIDY_S = 600


def workshop() -> Workshop:
    """Return the one workshop of this server."""
    with _opening:  # the first page and the first picture may ask at once
        return _open()


@cache
def _open() -> Workshop:
    settings = config.load()
    shelf = Shelf(_folder().path, settings.keep_megabytes * 1_000_000, settings.keep_hours * 3600)
    threading.Thread(target=tidy, args=(shelf, _TIDY_S, threading.Event()), name="studio-tidy", daemon=True).start()
    return Workshop(settings, Engine(), JobQueue(settings.max_waiting), shelf)


@cache
def _folder() -> PassingFolder:
    """Return the folder of uploads and results, and hold it while the server runs."""
    return PassingFolder()


def tidy(shelf: Shelf, every: float, stop: threading.Event) -> None:
    """Let albums go when their time is over, whether or not anybody comes.

    Parameters
    ----------
    shelf : Shelf
    every : float
        Seconds between two looks.
    stop : Event
        Ends it.
    """
    while not stop.wait(every):
        try:
            shelf.make_room()
        except OSError:  # of a disk that comes back, perhaps
            _LOG.exception("The albums could not be tidied.")


def order(album: Album, pictures: Sequence[Picture], plan: Plan) -> None:
    """Put the restoration of photographs into the queue.

    Parameters
    ----------
    album : Album
        Where they belong; albums take turns.
    pictures : sequence of Picture
        Those of the album that are to be restored.
    plan : Plan
        What to do.

    Raises
    ------
    QueueFull
        If too many albums are waiting.
    """
    with _ordering:
        idle = [picture for picture in pictures if not picture.busy]  # another tab may have ordered the others
        plans = [_own(plan, picture.mask) for picture in idle]
        works = [_restoration(picture, own) for picture, own in zip(idle, plans, strict=True)]
        jobs = workshop().queue.submit_all(works, album)
        for picture, own, job in zip(idle, plans, jobs, strict=True):
            picture.job, picture.plan = job, own


def _own(plan: Plan, mask: Path | None) -> Plan:
    """Return a plan whose repair takes the mask that a person corrected, where there is one."""
    if mask is None:
        return plan
    return replace(plan, stages=tuple(replace(s, mask=str(mask)) if isinstance(s, Repair) else s for s in plan.stages))


def _restoration(picture: Picture, plan: Plan) -> Callable[[Job[Restored]], Restored]:
    """Return the restoration of one picture, as the queue wants it."""
    shop = workshop()

    def work(job: Job[Restored]) -> Restored:
        shop.shelf.make_room()
        made = restore(picture, plan, shop.engine, job, max_pixels=shop.config.max_pixels)
        shop.pace.learn(plan, picture.size[0] * picture.size[1], made.timings)
        give_back_memory()
        return made

    return work


def give_back_memory() -> None:
    """Hand freed memory back to the system; glibc would keep what a large picture took."""
    with suppress(OSError, AttributeError):  # only Linux has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
