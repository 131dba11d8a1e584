"""How often a page looks whether a job is done."""

from typing import Any

from studio.jobs import Job
from ui.shop import workshop

_LONGEST_S = 5.0


def pause(job: Job[Any] | None, shortest: float) -> float:
    """Return the seconds between two looks: more while jobs of others come first, so that many pages may wait.

    Parameters
    ----------
    job : Job or None
        None where the queue was full.
    shortest : float
        Seconds, where no other job comes first.
    """
    if job is None:
        return _LONGEST_S
    return min(shortest * (1 + workshop().ahead(job) / 2), _LONGEST_S)
