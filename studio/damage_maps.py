"""The damage on a photograph, as the page shows it and a person corrects it."""

import hashlib
import threading
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from models.files import atomic
from models.runtime.engine import Engine
from pipeline import disk
from pipeline.context import Context
from pipeline.errors import OptionError, QueueFull
from pipeline.methods import infrared
from pipeline.methods.detection import likelihood
from pipeline.photo import read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stages import Repair
from studio.jobs import Job, JobQueue, is_useful
from studio.picture import Picture
from studio.previews import Previews
from studio.shelf import Room


class DamageMaps:
    """Looks for damage, once for each photograph and detector, and keeps the masks that people correct.

    Parameters
    ----------
    queue : JobQueue
        Where networks run.
    engine : Engine
    previews : Previews
        Knows the size of photographs.
    masks : JobQueue
        Where masks are checked and kept.
    max_pixels : int
        Of a photograph as the stages see it.
    room : callable
        `Shelf.room`.
    """

    def __init__(
        self, queue: JobQueue, engine: Engine, previews: Previews, masks: JobQueue, max_pixels: int, room: Room
    ) -> None:
        self._queue = queue
        self._room = room
        self._masks = masks
        self._engine = engine
        self._previews = previews
        self._max_pixels = max_pixels
        self._lock = threading.Lock()

    def find(self, visitor: str, picture: Picture, model: str) -> Job[Path]:
        """Return the job that writes a grey PNG of how likely each pixel is damaged, submitted once.

        A failed job is returned once; the next call submits another.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        with self._lock:
            job = picture.damage.pop(model, None)
            if job is None:
                job = self._queue.submit(lambda job: self._look(picture, model, job), visitor)
            if is_useful(job):
                picture.damage[model] = job
            return job

    def _look(self, picture: Picture, model: str, job: Job[Path]) -> Path:
        photo = read_photo(picture.source, name=picture.name, max_pixels=self._max_pixels, page=picture.page)
        plan = Plan(simple().stages[:1])  # what simple mode gives Repair
        clean = run(plan, photo, self._engine, cancelled=job.cancelled).pixels
        dust = None if photo.infrared is None else infrared.find(clean, photo.infrared).mask
        context = Context(self._engine, Repair.name, cancelled=job.cancelled)
        likely = likelihood(clean, model, context) if dust is None else dust.astype(np.float32)
        path = picture.folder / f"damage-{hashlib.sha256(model.encode()).hexdigest()[:12]}.png"
        self._write(path, cv2.imencode(".png", np.round(likely * 255).astype(np.uint8))[1].tobytes())
        return path

    def keep_mask(self, visitor: str, picture: Picture, file: IO[bytes]) -> Job[None]:
        """Return the job that records the mask that a person corrected; white is damage.

        It fails with a PhotoError if the file is not a picture, with an OptionError if its size is not that of the
        photograph.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        try:
            return self._masks.submit(lambda _: self._keep(picture, file), visitor)
        except QueueFull:
            file.close()
            raise

    def _keep(self, picture: Picture, file: IO[bytes]) -> None:
        with file:
            data = file.read()
        given = read_photo(data, max_pixels=self._max_pixels).size
        expected = self._previews.size(picture)
        if given != expected:
            msg = f"Expected a mask of {expected} pixels, got one of {given}."
            raise OptionError(msg)
        name = f"mask-{hashlib.sha256(data).hexdigest()[:16]}.png"  # so that another mask is another plan
        path = picture.folder / name
        self._write(path, data)
        picture.mask = path

    def _write(self, path: Path, data: bytes) -> None:
        with self._room(len(data)), disk.making(path):
            atomic.write(path, data)
