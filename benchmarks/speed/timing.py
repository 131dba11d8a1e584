"""Times of contenders that take turns, so that other load on the machine affects all alike."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

Seconds = Mapping[str, list[float]]

_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""Flags of a processor that decide how fast networks run."""


def take_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> Seconds:
    """Return the seconds of every contender, run once in each round in the order A B A B.

    Parameters
    ----------
    contenders : mapping of str to callable
        Contenders by name; run each once beforehand, since first runs also prepare what later ones reuse.
    rounds : int
        At least 1.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(seconds: Seconds, slow: str, fast: str) -> float:
    """Return how many times faster one contender is than another: the median over the rounds."""
    return median(a / b for a, b in zip(seconds[slow], seconds[fast], strict=True))


def machine() -> str:
    """Return processor, cores, flags, load and Python version in a line, for the head of a table."""
    cores = len(os.sched_getaffinity(0))
    flags = [flag for flag in _FLAGS if flag in _cpuinfo("flags").split()]
    processor = f"{_cpuinfo('model name') or platform.machine()}, {cores} cores, {' '.join(flags) or 'flags unknown'}"
    return f"{processor}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def _cpuinfo(name: str) -> str:
    """Return a field of the first processor in /proc/cpuinfo; empty on systems other than Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # not Linux
        return ""
    return next((line.partition(": ")[2] for line in lines if line.startswith(name)), "")
