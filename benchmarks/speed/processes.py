"""What one command costs from its start to its end, and how much memory it takes at most."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import StudioError

_WATCH = """
import json, os, sys, time
started = time.perf_counter()
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss * 1024 / 1e6]))
"""
"""Starts the command from a small process: Linux counts the memory of whoever starts a process as the child's own."""


@dataclass(frozen=True)
class Spent:
    """The cost of a process."""

    seconds: float
    megabytes: float
    """Most memory that was resident at a time."""

    told: str
    """What it wrote to standard error."""


def measured(command: Sequence[str], surroundings: Mapping[str, str]) -> Spent:
    """Run a command of this Python to its end.

    Parameters
    ----------
    command : sequence of str
        What follows the name of the interpreter.
    surroundings : mapping of str to str
        Environment variables to add.

    Raises
    ------
    StudioError
        If the command fails; with what it said.
    """
    watched = subprocess.run(
        [sys.executable, "-S", "-c", _WATCH, *command],
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, megabytes = json.loads(watched.stdout.splitlines()[-1])
    if code:
        msg = f"Expected {' '.join(command)} to succeed, it ended with {code}: {watched.stderr[-500:]}"
        raise StudioError(msg)
    return Spent(seconds, megabytes, watched.stderr)
