"""The folder of uploads and results: it goes when the server does, however that ends."""

import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "restoration-studio-"
_LOCK = "in-use"
_GUARD = """
import shutil, signal, sys
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
sys.stdin.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class PassingFolder:
    """A new temporary folder, deleted once this process has ended, or this object is let go.

    A second process waits for that: an exit handler would not run where the process is killed, nor on SIGTERM, with
    which uvicorn ends itself. What even that process does not outlive (the end of a container, a power cut) is made
    good by the next folder: it deletes those that nobody holds.

    Attributes
    ----------
    path : Path
    """

    def __init__(self) -> None:
        _sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = FileLock(self.path / _LOCK)
        self._lock.acquire()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, str(self.path)],
            stdin=subprocess.PIPE,  # the system closes it with this process
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C in a terminal goes to a whole group
        )


def _sweep() -> None:
    """Delete the folders of servers that are no more."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_LOCK}"):
        with suppress(Timeout, OSError):  # held, or another user's
            with FileLock(lock, timeout=0):
                pass
            shutil.rmtree(lock.parent, ignore_errors=True)
