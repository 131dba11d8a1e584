"""Restore one photograph of an album; the work of a job."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from models.runtime.engine import Engine
from pipeline import disk
from pipeline.photo import read_photo
from pipeline.plan import Plan
from pipeline.run import Entry, run
from studio.album import Picture, Restored
from studio.jobs import Job
from studio.layers import Layers
from studio.reuse import EarlierRun


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
                reuse=_earlier(picture),
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


def _earlier(picture: Picture) -> Callable[[Plan, int], Entry | None]:
    """Return what finds the stages that the last run has made already."""
    kept = picture.restored
    if kept is None:
        return lambda plan, index: None
    return EarlierRun(kept.plan, kept.layers, kept.timings, kept.notices).find
