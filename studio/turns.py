"""The order in which owners are served: round-robin."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar


class Turn(Protocol):
    """A job that waits, as far as the order depends on it."""

    owner: Hashable
    light: bool

    def cancelled(self) -> bool:
        """Return whether it was asked to stop."""


T = TypeVar("T", bound=Turn)


def in_turn(waiting: Sequence[T], served: Hashable) -> list[T]:
    """Return waiting jobs in the order in which they will run: each owner's first, then each owner's second, ...

    Parameters
    ----------
    waiting : sequence of Turn
        In the order in which they came. Light ones, and those that were cancelled, take no turn.
    served : hashable
        Owner whose turn was the last.
    """
    turns = Counter([served])
    ranked = []
    for arrival, job in enumerate(waiting):
        ranked.append((turns[job.owner], arrival, job))
        turns[job.owner] += not (job.light or job.cancelled())
    return [job for *_, job in sorted(ranked, key=lambda entry: entry[:2])]
