"""Write a file completely or not at all."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_RANDOM = re.compile(r"[a-z0-9_]{8}")
"""What `tempfile` ends its names with."""


def write(target: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file by renaming a temporary one in the same folder; parameters are those of `writing`."""
    with writing(target, durable=durable) as stream:
        stream.write(data)


@contextmanager
def writing(target: Path, *, durable: bool = False) -> Iterator[IO[bytes]]:
    """Context with a temporary file that gets its name at the end; the folder is made where it is missing.

    Parameters
    ----------
    target : Path
    durable : bool
        Wait until the data are on the disk before the file gets its name, so that a power cut leaves no empty file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=_prefix(target))
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        with suppress(OSError):  # some network drives have no file modes
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(target: Path) -> None:
    """Delete the temporary files of a file whose writer was killed; nobody else may be writing it."""
    prefix = _prefix(target)
    with suppress(FileNotFoundError), os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and _RANDOM.fullmatch(entry.name.removeprefix(prefix)):
                Path(entry.path).unlink(missing_ok=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:40]}."  # names have at most 255 bytes


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
