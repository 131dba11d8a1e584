"""Parts of results as files for the screen, within a bound of memory."""

import tempfile
import threading
import weakref
from collections import Counter
from pathlib import Path
from typing import IO, cast

from models.runtime import memory
from pipeline import disk
from pipeline.codecs.encode import for_screen
from pipeline.errors import QueueFull
from pipeline.finish import Finish
from studio.jobs import Job, JobQueue
from studio.picture import Picture
from studio.view import View

_PIXEL_BYTES = 30
"""Bytes of memory for each pixel of a view, at most, until it is a file."""

_MOST_UNSENT = 250_000_000
"""Bytes of files that one visitor's browser has not read to the end."""

_MOST_UNSENT_OF_ALL = 2_000_000_000

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
        self._unsent: Counter[str] = Counter()
        """Bytes of the files that are not closed yet, by visitor."""

        self._lock = threading.Lock()

    def look(self, visitor: str, picture: Picture, view: View, shares: list[float], finish: Finish) -> Job[IO[bytes]]:
        """Return the job that makes a part of a result; see `Layers.look`. Whoever sends the file closes it.

        It fails with a FileNotFoundError where the picture was evicted.

        Raises
        ------
        OptionError
            If the photograph is not restored.
        QueueFull
            If too many visitors wait, or too many jobs of this one, or too much is being sent already.
        """
        if self._unsent[visitor] > _MOST_UNSENT or self._unsent.total() > _MOST_UNSENT_OF_ALL:
            msg = "Earlier parts of pictures are still being sent. Please wait for them."
            raise QueueFull(msg)
        layers = picture.done.layers
        needed = view.out_width * view.out_height * _PIXEL_BYTES

        def make(_: Job[IO[bytes]]) -> IO[bytes]:
            data = for_screen(layers.look(view, shares, finish))
            with disk.making(self._folder / "view"):
                file = self._file(visitor, data)
            del data
            if needed >= _LARGE:
                memory.give_back()
            return file

        return self._queue.submit(make, visitor, nbytes=needed)

    def _file(self, visitor: str, data: bytes) -> IO[bytes]:
        file = cast("IO[bytes]", tempfile.TemporaryFile(dir=self._folder, buffering=0))  # noqa: SIM115 - see `look`
        with self._lock:
            self._unsent[visitor] += len(data)
        weakref.finalize(file, self._sent, visitor, len(data))
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        file.seek(0)
        return file

    def _sent(self, visitor: str, nbytes: int) -> None:
        with self._lock:
            self._unsent[visitor] -= nbytes
            self._unsent += Counter()  # forgets visitors with none
