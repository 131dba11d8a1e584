"""Download one file over HTTP."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pooch

from models.errors import DownloadFailed

Progress = Callable[[int, int], None]
"""Called with the bytes so far and in all (0 if unknown); it may raise to stop."""

_CHUNK = 1 << 18
_PART = ".download-"
_OLD_S = 86_400


def fetch(url: str, path: Path, *, size: int | None = None, progress: Progress | None = None) -> None:
    """Download a file; its content is not checked.

    Parameters
    ----------
    url : str
        An HTTP address.
    path : Path
        Where to write it, in an existing folder.
    size : int, optional
        Bytes to expect where the server does not state them.
    progress : callable, optional
        Called after every chunk.

    Raises
    ------
    DownloadFailed
        If the server, the network or the disk fails; the text says which.
    """
    bar = _Bar(progress, size or 0) if progress else False
    download = pooch.HTTPDownloader(progressbar=bar, chunk_size=_CHUNK)
    try:
        download(url, str(path), None)
    except OSError as error:  # requests' errors, too
        raise DownloadFailed(_reason(error)) from error


def _reason(error: OSError) -> str:
    """Return in plain words what failed; errors of requests have a response, or no number."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered with status {response.status_code}"
    if error.errno is None:
        return "could not be reached: the server did not answer, or the connection broke off"
    return f"could not be written to disk: {error.strerror}"


class _Bar:
    """The progress bar that pooch expects, which calls one function."""

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
    """Yield a temporary folder inside another, for a download; leftovers of killed downloads are deleted after a day.

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
