"""Time and peak memory of one command, from start to end."""

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
"""Starts the command from a small process: Linux counts the memory of the parent at the start as the child's."""


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    megabytes: float
    """Peak resident memory."""

    stderr: str
    """Its standard error."""


def measured(command: Sequence[str], variables: Mapping[str, str]) -> Cost:
    """Run a command of this Python to its end and return its cost.

    Parameters
    ----------
    command : sequence of str
        Arguments of the interpreter.
    variables : mapping of str to str
        Environment variables to add.

    Raises
    ------
    StudioError
        If the command fails; the text quotes the end of its standard error.
    """
    watched = subprocess.run(
        [sys.executable, "-S", "-c", _WATCH, *command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, megabytes = json.loads(watched.stdout.splitlines()[-1])
    if code:
        msg = f"Expected {' '.join(command)} to succeed, it ended with {code}: {watched.stderr[-500:]}"
        raise StudioError(msg)
    return Cost(seconds, megabytes, watched.stderr)
