"""A disk that is full, told as such, with nothing half made left on it."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import DiskFull

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def making(path: Path) -> Iterator[None]:
    """Make a file or a folder whole, or not at all where the disk is full.

    Parameters
    ----------
    path : Path
        What is being made; its folder exists.

    Raises
    ------
    DiskFull
        If the disk, or what this user may have of it, is full; `path` is gone then.
    """
    try:
        yield
    except DiskFull:  # of something inside it
        _remove(path)
        raise
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _remove(path)
        free = shutil.disk_usage(path.parent).free // 1_000_000
        msg = f"This needs more room than the disk has: {free} MB are free. Make room there, or enlarge less."
        raise DiskFull(msg) from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_safely(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a temporary one beside it, which then takes its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        with suppress(OSError):  # some network drives know no modes
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's file mode mask; reading it means setting it for a moment."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
