"""Parts of results as files for the screen, within a bound of memory."""

import tempfile
from pathlib import Path
from typing import IO

from pipeline import disk
from pipeline.codecs.encode import for_screen
from pipeline.finish import Finish
from studio import memory
from studio.album import Picture
from studio.jobs import Job, JobQueue
from studio.layers import Layers
from studio.view import View

_PIXEL_BYTES = 30
"""Bytes of memory for each pixel of a view, at most, until it is a file."""

_LARGE = 16_000_000
"""Bytes of a view whose memory is returned to the system."""


class Views:
    """Makes parts of results as PNG files without a name, which disappear when they are closed.

    A browser that reads slowly keeps a file, not memory.

    Parameters
    ----------
    queue : JobQueue
        A lane of its own, with a bound of memory.
    folder : Path
        Where the files are.
    """

    def __init__(self, queue: JobQueue, folder: Path) -> None:
        self._queue = queue
        self._folder = folder

    def look(self, visitor: str, picture: Picture, view: View, shares: list[float], finish: Finish) -> Job[IO[bytes]]:
        """Return the job that makes a part of a result; see `Layers.look`. It fails where the picture was evicted.

        Raises
        ------
        OptionError
            If the photograph is not restored.
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        layers = picture.done.layers
        needed = view.out_width * view.out_height * _PIXEL_BYTES
        return self._queue.submit(lambda _: self._make(layers, view, shares, finish, needed), visitor, nbytes=needed)

    def _make(self, layers: Layers, view: View, shares: list[float], finish: Finish, needed: int) -> IO[bytes]:
        data = for_screen(layers.look(view, shares, finish))
        with disk.making(self._folder / "view"):
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - whoever sends it closes it
            file.write(data)
            file.seek(0)
        del data
        if needed >= _LARGE:
            memory.give_back()
        return file
