"""Report a full disk; leave no partial files."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DiskFull

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SMALL = 65_536
"""Bytes."""


def is_full(error: OSError) -> bool:
    """Return whether an error says that the disk or the user's quota is full."""
    return error.errno in _FULL


def has_room(folder: Path) -> bool:
    """Return whether a small database fits; SQLite reports some full disks as errors of the disk."""
    return shutil.disk_usage(folder).free >= _SMALL


@contextmanager
def making(path: Path) -> Iterator[None]:
    """Context in which a file or folder is written; it is deleted if the disk becomes full.

    Parameters
    ----------
    path : Path
        The file or folder that is written. Its parent exists.

    Raises
    ------
    DiskFull
        If the disk or the user's quota is full.
    """
    try:
        yield
    except DiskFull:  # raised by a nested context
        _remove(path)
        raise
    except OSError as error:
        if not is_full(error):
            raise
        _remove(path)
        free = shutil.disk_usage(path.parent).free // 1_000_000
        msg = f"The disk is full: {free} MB are free. Free some space, or choose a smaller factor."
        raise DiskFull(msg) from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
