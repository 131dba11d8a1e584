"""The faces of a photograph, as the page outlines them before they are restored."""

import threading
from itertools import takewhile

import numpy as np

from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.photo import read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stages import Faces
from pipeline.stages.faces import Seen
from studio.jobs import Job, JobQueue
from studio.picture import Picture

Found = tuple[Seen, ...]
"""Faces in reading order, each with the reason why the settings of simple mode leave it alone."""


class FaceFinder:
    """Finds the faces of photographs, once for each photograph and factor of its enlargement.

    Parameters
    ----------
    queue : JobQueue
        Where networks run.
    engine : Engine
    max_pixels : int
        Of a photograph as the stages see it.
    """

    def __init__(self, queue: JobQueue, engine: Engine, max_pixels: int) -> None:
        self._queue = queue
        self._engine = engine
        self._max_pixels = max_pixels
        self._lock = threading.Lock()

    def find(self, visitor: str, picture: Picture, enlarged: float) -> Job[Found]:
        """Return the job that finds the faces of a photograph, submitted once.

        Parameters
        ----------
        visitor : str
        picture : Picture
        enlarged : float
            By what the photograph is enlarged before its faces are restored.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        with self._lock:
            known = picture.faces.get(enlarged)
            if known is None or known.cancelled():
                work = self._queue.submit(lambda job: self._find(picture, enlarged, job), visitor, light=True)
                picture.faces[enlarged] = work
            return picture.faces[enlarged]

    def _find(self, picture: Picture, enlarged: float, job: Job[Found]) -> Found:
        photo = read_photo(picture.source, name=picture.name, max_pixels=self._max_pixels, page=picture.page)
        plan = simple()
        first = takewhile(lambda stage: stage.name != Faces.looks_behind, plan.stages)
        clean = run(Plan(tuple(first), plan.optional), photo, self._engine, cancelled=job.cancelled).pixels
        height, width = clean.shape[:2]
        size = round(height * enlarged), round(width * enlarged), 3
        result = np.broadcast_to(np.float32(0), size)  # the stage asks for its size alone
        context = Context(self._engine, Faces.name, cancelled=job.cancelled, before=lambda: clean)
        return Faces().examine(result, context).seen
