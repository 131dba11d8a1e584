"""The damage on a photograph, as the page shows it and a person corrects it."""

import hashlib
import threading
from pathlib import Path

import cv2
import numpy as np

from pipeline import disk
from pipeline.codecs import geometry
from pipeline.context import Context
from pipeline.methods.detection import likelihood
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stages import Repair
from studio import preview
from studio.album import Picture
from studio.jobs import Job
from studio.workshop import workshop

_making = threading.Lock()
_asking = threading.Lock()
_looks: dict[Path, Job[None]] = {}


def size(picture: Picture) -> tuple[int, int]:
    """Return width and height of a photograph as the stages see it; that of its mask."""
    return geometry.fit(preview.at(picture).size, workshop().config.max_pixels)


def plate(picture: Picture) -> Path:
    """Return a JPEG of a photograph as the stages see it, made once.

    Raises
    ------
    PhotoError
        If it cannot be read.
    """
    path = picture.source.parent / "plate.jpg"
    with _making:
        if not path.exists():
            photo = read_photo(picture.source, name=picture.name, max_pixels=workshop().config.max_pixels)
            _write(path, encode_photo(photo.pixels, photo, Output("jpeg", 92, "strip")).data)
    return path


def found(picture: Picture, model: str) -> Path:
    """Return a grey PNG of how likely each pixel is damaged, made once for each detector.

    The work waits in the queue for its turn, as a restoration does; whoever asks meanwhile waits for the same.

    Raises
    ------
    StudioError
        As `likelihood` does; also where the queue is full.
    """
    path = picture.source.parent / f"damage-{hashlib.sha256(model.encode()).hexdigest()[:12]}.png"
    with _asking:
        if path.exists():
            return path
        if path not in _looks:
            _looks[path] = workshop().queue.submit(lambda _: _look(picture, model, path))
        job = _looks[path]
    job.wait()
    _looks.pop(path, None)
    if job.error is not None:
        raise job.error
    return path


def _look(picture: Picture, model: str, path: Path) -> None:
    engine = workshop().engine
    photo = read_photo(picture.source, name=picture.name, max_pixels=workshop().config.max_pixels)
    clean = run(Plan(simple().stages[:1]), photo, engine).pixels  # what simple mode gives Repair
    likely = likelihood(clean, model, Context(engine, Repair.name))
    _write(path, cv2.imencode(".png", np.round(likely * 255).astype(np.uint8))[1].tobytes())


def keep(picture: Picture, data: bytes) -> None:
    """Take the mask that a person corrected; white is damage.

    Raises
    ------
    PhotoError
        If it is not a picture.
    ValueError
        If it has another size than the photograph.
    """
    given = read_photo(data, max_pixels=workshop().config.max_pixels).size
    if given != size(picture):
        msg = f"Expected a mask of {size(picture)} pixels, got one of {given}."
        raise ValueError(msg)
    name = f"mask-{hashlib.sha256(data).hexdigest()[:16]}.png"  # another mask is another plan to what is kept of a run
    picture.mask = picture.source.parent / name
    _write(picture.mask, data)


def _write(path: Path, data: bytes) -> None:
    """Write a file that nobody sees half-written."""
    partial = path.with_suffix(".partial")
    with disk.making(partial):
        partial.write_bytes(data)
    partial.replace(path)
