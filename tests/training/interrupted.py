"""Trainings that somebody stops."""

from collections.abc import Callable


def stopped_after(steps: int, loss: Callable[..., object]) -> Callable[..., object]:
    """Return a loss that somebody interrupts by Ctrl-C after some steps."""
    taken = 0

    def stop(*given: object) -> object:
        nonlocal taken
        taken += 1
        if taken > steps:
            raise KeyboardInterrupt
        return loss(*given)

    return stop
