"""Bounds on the memory and the time that this process may take for one file."""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/statm")
_DATA = 5
"""Place of the writable pages in it."""

_STACKS = 16_000_000 * (os.cpu_count() or 1)
"""Bytes for the stacks of threads, which count though they are not filled."""


@dataclass(frozen=True)
class Bounds:
    """What one piece of work may take."""

    memory: int
    """Bytes beside those that the process has already."""

    seconds: float
    """Of all processor cores together."""


def to_read(length: int, max_pixels: int) -> Bounds:
    """Return what may be taken to read a file of `length` bytes as a photograph of at most `max_pixels`.

    A photograph of many pixels is a file of many bytes, so that a small one that states many ends early: under the
    default cap, a file of a megabyte gets less than a gigabyte and about five seconds.
    """
    memory = 680_000_000 + min(60 * length, 1_000_000_000) + length + 64 * max_pixels
    return Bounds(memory, 4 + length / 1e6 + max_pixels / 10e6)


def to_write(samples: int) -> Bounds:
    """Return what may be taken to write a picture of `samples` bytes before compression."""
    return Bounds(500_000_000 + 4 * samples, 5 + samples / 2e6)


@contextmanager
def held(bounds: Bounds) -> Iterator[None]:
    """Hold this process to bounds: above the first, it gets no memory; above the second, the system ends it.

    Linux alone counts memory so; other systems bound the time.
    """
    import resource  # Windows has none, and does not get here

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    limits = {resource.RLIMIT_CPU: math.ceil(used + bounds.seconds)}
    if sys.platform == "linux":
        limits[resource.RLIMIT_DATA] = taken() + _STACKS + bounds.memory
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    try:
        yield
    finally:
        for kind in limits:
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (hard, hard))


def taken() -> int:
    """Return the bytes of memory that this process can write to."""
    import resource

    return int(_STATUS.read_text().split()[_DATA]) * resource.getpagesize() if sys.platform == "linux" else 0
