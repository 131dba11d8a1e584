"""Fair times: contenders take turns, so that whatever else the machine does falls on all of them."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

Seconds = Mapping[str, list[float]]

_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""What of a processor decides how fast networks run."""


def take_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> Seconds:
    """Run every contender once a round, in the order A B A B, and return their seconds.

    Parameters
    ----------
    contenders : mapping of str to callable
        By name; run them once beforehand, since first runs pay for what later ones find ready.
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
    """Return how many times as fast one contender is as another: the median over the rounds."""
    return median(a / b for a, b in zip(seconds[slow], seconds[fast], strict=True))


def machine() -> str:
    """Return processor, cores, what it computes and load in a line, for the head of a table."""
    cores = len(os.sched_getaffinity(0))
    able = [flag for flag in _FLAGS if flag in _told("flags").split()]
    what = f"{_told('model name') or platform.machine()}, {cores} cores, {' '.join(able) or 'flags unknown'}"
    return f"{what}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def _told(name: str) -> str:
    """Return what the kernel tells of the first processor; nothing where there is no such kernel."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # not Linux
        return ""
    return next((line.partition(": ")[2] for line in lines if line.startswith(name)), "")
