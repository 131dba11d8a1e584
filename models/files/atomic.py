"""Write a file completely or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write(target: Path, data: bytes) -> None:
    """Write a file by renaming a temporary one in the same folder; make the folder where it is missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")  # names have at most 255 bytes
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        with suppress(OSError):  # some network drives have no file modes
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
