"""Memory of the process."""

import ctypes
from contextlib import suppress

_MMAP_THRESHOLD = -3
"""Name of a setting of glibc, from malloc.h."""

_LARGE = 4_000_000


def keep_little() -> None:
    """Return pictures to the system as soon as they are freed, in this process; glibc would keep those below 32 MB."""
    with suppress(OSError, AttributeError):  # only Linux has it
        ctypes.CDLL("libc.so.6").mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Return freed memory to the system; glibc would keep what a large picture took."""
    with suppress(OSError, AttributeError):  # only Linux has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
