"""Restore a part of a photograph at full size, to judge settings before the whole is restored."""

import secrets
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from models import catalog
from models.files import atomic
from models.runtime.engine import Engine
from pipeline import disk
from pipeline.arrays import Image
from pipeline.codecs.encode import for_screen
from pipeline.config import Config
from pipeline.mask import read_mask
from pipeline.methods import faces
from pipeline.photo import Photo, read_photo
from pipeline.plan import Plan
from pipeline.run import run
from pipeline.stage import Part
from studio import sizes
from studio.jobs import Job, JobQueue
from studio.picture import Excerpt, Picture
from studio.shelf import Room

SIDE = 512
"""Sides of a part after it was restored, in pixels; more where it is enlarged by more than 2."""
_LEAST = 256
"""Least sides of a part before, in pixels."""
_AROUND = 48
"""Pixels around a part that stages see too, so that its borders come out as they do inside the photograph."""

Point = tuple[float, float]
"""Shares of width and height."""

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class Excerpts:
    """Restores parts of photographs; of each photograph, the last part is kept.

    Parameters
    ----------
    queue : JobQueue
        Where networks run.
    engine : Engine
    config : Config
        The caps of photographs.
    room : callable
        `Shelf.room`.
    """

    def __init__(self, queue: JobQueue, engine: Engine, config: Config, room: Room) -> None:
        self._queue = queue
        self._engine = engine
        self._config = config
        self._room = room
        self._lock = threading.Lock()

    def make(
        self, visitor: str, picture: Picture, plan: Plan, centre: Point | None = None, *, is_full: bool = False
    ) -> Job[Excerpt]:
        """Return the job that restores a part of a photograph, submitted once; it cancels the one before.

        Parameters
        ----------
        visitor : str
        picture : Picture
        plan : Plan
        centre : tuple of float, optional
            Middle of the part, as shares; that of the largest face by default, else of the photograph.
        is_full : bool
            Whether the restoration works at full size.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        asked = plan.key(len(plan.stages)), centre, is_full, picture.mask, picture.page
        with self._lock:
            known, before = picture.excerpt or (None, None)
            if before is not None and known == asked and not before.cancelled():
                return before
            if before is not None:
                before.cancel()
            cap = sizes.cap(self._config, plan, is_full=is_full)
            job = self._queue.submit(partial(self._make, picture, plan, centre, cap), visitor, light=True)
            picture.excerpt = asked, job
            return job

    def _make(self, picture: Picture, plan: Plan, centre: Point | None, cap: int, job: Job[Excerpt]) -> Excerpt:
        photo = read_photo(picture.source, name=picture.name, max_pixels=cap, page=picture.page)
        box = _box(photo.size, centre or self._face(photo, job), plan.enlarges)
        before, after = photo.pixels[_place(box)], self._restored(picture, photo, plan, box, job)
        by_whole = tuple(stage.name for stage in plan.stages if stage.by_whole)
        return Excerpt(
            secrets.token_urlsafe(9),
            self._written(picture.folder / "excerpt-before.png", before),
            self._written(picture.folder / "excerpt-after.png", after),
            (after.shape[1], after.shape[0]),
            _shares(box, photo.size),
            by_whole,
        )

    def _restored(self, picture: Picture, photo: Photo, plan: Plan, box: Box, job: Job[Excerpt]) -> Image:
        """Return a part under a plan; what is around it, which stages see too, is cut away."""
        wide = _wider(box, photo.size)
        place, part = _place(wide), _shares(wide, photo.size)
        piece = replace(
            photo,
            pixels=np.ascontiguousarray(photo.pixels[place]),
            infrared=None if photo.infrared is None else np.ascontiguousarray(photo.infrared[place]),
        )
        made = run(
            replace(plan, stages=tuple(stage.on_part(part) for stage in plan.stages)),
            piece,
            self._engine,
            mask=None if picture.mask is None else read_mask(picture.mask, photo)[0][place],
            whole=photo.pixels,
            progress=job.report,
            cancelled=job.cancelled,
        ).pixels
        left, top, width, height = box
        inner = left - wide[0], top - wide[1], width, height
        return made[_place(tuple(round(each * plan.enlarges) for each in inner))]

    def _face(self, photo: Photo, job: Job[Excerpt]) -> Point:
        """Return the middle of the largest face, or of the photograph."""
        finder = self._engine.network(catalog.get(faces.FINDER), cancelled=job.cancelled)
        found = faces.find(photo.pixels, finder)
        if not found:
            return 0.5, 0.5
        left, top, width, height = found[0].box
        return (left + width / 2) / photo.size[0], (top + height / 2) / photo.size[1]

    def _written(self, path: Path, pixels: Image) -> Path:
        data = for_screen(pixels)
        with self._room(len(data)), disk.making(path):
            atomic.write(path, data)
        return path


def _box(size: tuple[int, int], centre: Point, enlarges: float) -> Box:
    """Return the part around a point, moved into the photograph where it is near a border."""
    side = max(round(SIDE / enlarges), _LEAST)
    width, height = min(side, size[0]), min(side, size[1])
    left, top = (
        min(max(round(share * full - own / 2), 0), full - own)
        for share, full, own in zip(centre, size, (width, height), strict=True)
    )
    return left, top, width, height


def _wider(box: Box, size: tuple[int, int]) -> Box:
    left, top = max(box[0] - _AROUND, 0), max(box[1] - _AROUND, 0)
    right, bottom = min(box[0] + box[2] + _AROUND, size[0]), min(box[1] + box[3] + _AROUND, size[1])
    return left, top, right - left, bottom - top


def _place(box: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, width, height = box
    return slice(top, top + height), slice(left, left + width)


def _shares(box: Box, size: tuple[int, int]) -> Part:
    left, top, width, height = box
    return left / size[0], top / size[1], width / size[0], height / size[1]
