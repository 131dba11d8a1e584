"""Restore one photograph of an album; the work of a job."""

import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from models.runtime.engine import Engine
from pipeline import disk
from pipeline.mask import read_mask
from pipeline.photo import read_photo
from pipeline.plan import Plan
from pipeline.run import Entry, run
from pipeline.stage import Stage
from studio.jobs import Job
from studio.layers import SMALLEST_SIDE, Layers
from studio.picture import Picture, Restored
from studio.reuse import EarlierRun
from studio.shelf import Room

_SAMPLE_BYTES, _HEADER_BYTES = 2, 128
"""Of a picture on disk."""


def restore(
    picture: Picture,
    plan: Plan,
    engine: Engine,
    job: Job[Restored],
    *,
    max_pixels: int,
    room: Room = nullcontext,
) -> Restored:
    """Restore one photograph, with the damage that a person marked on it.

    The previous result is deleted once the new one is complete. `room` is `Shelf.room`; without it, only the disk is
    a bound.

    Raises
    ------
    StudioError
        As `read_photo` and `run` do; also where the disk is full.
    """
    photo = read_photo(picture.source, name=picture.name, max_pixels=max_pixels, page=picture.page)
    if not picture.is_full:
        picture.size = photo.size
    path = picture.mask
    mask = None if path is None else read_mask(path, photo)[0]  # of the photograph's size, as `keep_mask` checks
    before = picture.restored
    folder = Path(tempfile.mkdtemp(dir=picture.source.parent, prefix="layers-"))
    layers = Layers(folder, plan.stages, earlier=before.layers if before else None)
    try:
        with room(_bytes_of_layers(plan.stages, *photo.size)), disk.making(folder):
            result = run(
                replace(plan, strengths={}),  # strengths are applied when the layers are viewed
                photo,
                engine,
                mask=mask,
                progress=job.report,
                cancelled=job.cancelled,
                reuse=_earlier(before, path),
                keep=layers,
            )
    except BaseException:
        layers.remove()
        raise
    layers.seal()
    picture.finish, picture.strengths = plan.finish, dict(plan.strengths)
    picture.restored = Restored(
        plan,
        layers,
        result.timings,
        result.notices,
        original_size=photo.original_size,
        history=result.history,
        guesses=result.guesses,
        mask=path,
    )
    if before is not None:
        before.layers.remove()
    return picture.restored


def _earlier(before: Restored | None, mask: Path | None) -> Callable[[Plan, int], Entry | None]:
    """Return what finds the stages that the last run has made already."""
    if before is None:
        return lambda plan, index: None
    same_mask = before.mask == mask  # a mask's file is named by its content
    return EarlierRun(before.plan, before.layers, before.timings, before.notices, same_mask).find


def _bytes_of_layers(stages: Iterable[Stage], width: int, height: int) -> int:
    """Return the bytes that `Layers` of a photograph of this size take at most."""
    sides = [(width, height)]
    for stage in stages:
        if stage.filter_of_view is None:
            wide, high = sides[-1]
            sides.append((max(round(wide * stage.enlarges), 1), max(round(high * stage.enlarges), 1)))
    return sum(_bytes_of_levels(*each) for each in sides)


def _bytes_of_levels(width: int, height: int) -> int:
    """Return the bytes of the levels of one picture."""
    nbytes = 0
    while True:
        nbytes += width * height * 3 * _SAMPLE_BYTES + _HEADER_BYTES
        if max(width, height) <= SMALLEST_SIDE:
            return nbytes
        width, height = (width + 1) // 2, (height + 1) // 2
