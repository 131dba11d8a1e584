"""The folder of uploads and results: deleted when the server ends, however it ends."""

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


class TemporaryFolder:
    """A new temporary folder, deleted on `close`, or when this process ends or this object is freed.

    A second process deletes it: an exit handler would not run where the process is killed. Leftovers of crashed
    servers (the end of a container, a power cut) are deleted by the next folder.

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

    def close(self) -> None:
        """Delete the folder."""
        self._guard.communicate()  # its input ends, so it deletes the folder
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)  # where somebody ended that process


def _sweep() -> None:
    """Delete the folders of servers that have ended."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_LOCK}"):
        with suppress(Timeout, OSError):  # in use, or another user's
            with FileLock(lock, timeout=0):
                pass
            shutil.rmtree(lock.parent, ignore_errors=True)
