"""The folder of uploads and results: it goes when the server does, however that ends."""

import subprocess
import sys
import tempfile
from pathlib import Path

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
    which uvicorn ends itself.

    Attributes
    ----------
    path : Path
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="restoration-studio-"))
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, str(self.path)],
            stdin=subprocess.PIPE,  # the system closes it with this process
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C in a terminal goes to a whole group
        )
