"""Print how the studio behaves on a full disk: ``python -m tests.pipeline.small_disk FOLDER``."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np

from models.runtime.engine import Engine
from pipeline.errors import DiskFull
from pipeline.plan import Plan, arrange
from pipeline.stages import Sharpen, Upscale
from studio.album import Album
from studio.jobs import Job, JobQueue
from studio.restoring import restore
from studio.shelf import RECENT_S, Shelf
from tests.photographs import photograph

SMALL = arrange([Sharpen(1.0)])
LARGE = arrange([Upscale(scale=4.0)])


def restored(album: Album, plan: Plan) -> Job:
    """Return the finished job that restored the photograph of an album."""
    picture = album.pictures[0]
    picture.job = JobQueue().submit(lambda job: restore(picture, plan, Engine("cpu"), job, max_pixels=2_000_000))
    assert picture.job.wait(60)
    return picture.job


def refused(shelf: Shelf, megabytes: int) -> bool:
    """Return whether a file is refused because the disk is full."""
    try:
        shelf.create([("large.png", bytes(megabytes * 1_000_000))])
    except DiskFull:
        return True
    return False


def told(folder: Path) -> dict[str, object]:
    """Return the outcome of filling the disk by a restoration and by uploads."""
    shelf = Shelf(folder, 10**9, 10 * RECENT_S)
    source = cv2.imencode(".png", (photograph("chelsea", 400) * 255).astype(np.uint8))[1].tobytes()
    album = shelf.create([("cat.png", source)])
    picture = album.pictures[0]
    first = restored(album, SMALL).result
    free = shutil.disk_usage(folder).free
    large = restored(album, LARGE)
    outcome = {
        "restoration": type(large.error).__name__,
        "message": str(large.error),
        "the earlier result is kept": picture.done is first and bool(picture.rendered().any()),
        "nothing is left of it": shutil.disk_usage(folder).free == free,
        "upload refused": refused(shelf, 20),
        "nothing is left of the upload": shutil.disk_usage(folder).free == free,
        "a smaller one works": restored(album, SMALL).error is None,
    }
    album.used -= 2 * RECENT_S
    other = shelf.create([("half.png", bytes(5_500_000))])
    return {**outcome, "room was made": shelf.get(album.id) is None, "the new one stays": shelf.get(other.id) is other}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(told(Path(sys.argv[1]))))
