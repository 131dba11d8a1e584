"""Which processes that share a journal still live: each holds a lock on a file of its own."""

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout


class Owner:
    """The process itself, as others that share the journal see it.

    Parameters
    ----------
    folder : Path
        Folder of the journal.

    Attributes
    ----------
    name : str
        Begins with the machine's name; no other process has the same.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = FileLock(self._path(self.name))
        self._lock.acquire()

    def ended(self, name: str) -> bool:
        """Return whether a process of this machine has ended; of one on another machine only its lease can tell."""
        if name == self.name or not name.startswith(f"{_machine()}-"):
            return False
        with suppress(Timeout):
            with FileLock(self._path(name), timeout=0):
                pass
            self._path(name).unlink(missing_ok=True)
            return True
        return False

    def clear(self) -> None:
        """Delete the files of processes of this machine that have ended."""
        for path in self._folder.glob(f"{_machine()}-*.lock"):
            self.ended(path.stem)

    def close(self) -> None:
        """Delete the file."""
        self._lock.release()
        self._path(self.name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _machine() -> str:
    return "".join(character for character in socket.gethostname() if character.isalnum()) or "machine"
