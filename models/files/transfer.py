"""Bring one file over HTTP, by pooch."""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pooch

Progress = Callable[[int, int], None]
"""Called with the bytes so far and in all (0 if nobody knows); it may raise to stop."""

_CHUNK = 1 << 18
_PART = ".download-"
_OLD_S = 86_400


def fetch(
    url: str, folder: Path, name: str, *, digest: str | None, size: int | None, progress: Progress | None
) -> Path:
    """Download a file into a folder and check it.

    Parameters
    ----------
    url : str
        An HTTP address.
    folder : Path
        An existing folder without a file of that name.
    name : str
        What to call the file.
    digest : str, optional
        ``"sha256:..."`` that it must have.
    size : int, optional
        Bytes to expect where the server does not say.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the server or the network fails, or the disk does.
    ValueError
        If another file came.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    bar = _Bar(progress, size or 0) if progress else False
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=_CHUNK)
    return Path(pooch.retrieve(url, digest, fname=name, path=folder, downloader=downloader))


class _Bar:
    """What pooch wants of a progress bar, as calls of one function."""

    total = 0

    def __init__(self, report: Progress, size: int) -> None:
        self._report = report
        self._size = size
        self._done = 0

    def update(self, count: int) -> None:
        total = self.total or self._size
        self._done += count  # whole chunks, even where the last is shorter
        self._report(min(self._done, total or self._done), total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Give a folder inside another for what is still arriving; what killed downloads left goes after a day.

    Parameters
    ----------
    folder : Path
        An existing folder.
    """
    for part in folder.glob(f"{_PART}*"):
        with suppress(FileNotFoundError):  # another download may just have finished
            if time.time() - part.stat().st_mtime > _OLD_S:
                shutil.rmtree(part, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_PART) as temporary:
        yield Path(temporary)
