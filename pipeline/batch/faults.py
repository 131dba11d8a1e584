"""Why a photograph failed: in words for a person, and as a kind to retry by."""

from pipeline import disk
from pipeline.errors import DiskFull, ModelError, PhotoTooLarge, PhotoUnreadable, StudioError

KILLED = "killed"
FAULTS = ("unreadable", "too-large", "memory", "unwritable", "model", "internal", KILLED)
"""Kinds of failures; ``"internal"`` is a fault of the studio, ``"killed"`` one that its process did not outlive."""


def reason(error: Exception) -> str:
    """Return why something failed, for a person, in one line."""
    if isinstance(error, StudioError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}. Check the path, the permissions and the room on the disk."
    if isinstance(error, MemoryError):
        return "The photograph does not fit into memory; lower --max-pixels or --scale."
    return f"This is a fault of the studio, please report it: {type(error).__name__}: {error}"


def is_stop(error: Exception) -> bool:
    """Return whether an error is a full disk, after which the same command goes on."""
    return isinstance(error, DiskFull) or (isinstance(error, OSError) and disk.is_full(error))


def fault(error: Exception) -> str:
    """Return the kind of a failure, one of `FAULTS`."""
    match error:
        case PhotoUnreadable():
            return "unreadable"
        case PhotoTooLarge():
            return "too-large"
        case MemoryError():
            return "memory"
        case ModelError():
            return "model"
        case StudioError() | OSError():
            return "unwritable"
        case _:
            return "internal"
