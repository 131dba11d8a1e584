"""Read the next photograph and write the last one while the networks work on this one."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from models.runtime import memory

T = TypeVar("T")


def overlapped(
    tasks: Iterator[T], load: Callable[[T], None], develop: Callable[[T], None], save: Callable[[T], None]
) -> Iterator[T]:
    """Yield tasks in order after their three steps; at most three are in memory at a time.

    Parameters
    ----------
    tasks : iterator
        Advanced in a thread of its own, as `load` is called.
    load, save : callable
        Called in two other threads, each for one task at a time.
    develop : callable
        Called in this thread, which Ctrl+C reaches.
    """
    with ThreadPoolExecutor(1, "studio-read") as reader, ThreadPoolExecutor(1, "studio-write") as writer:
        coming = reader.submit(_loaded, tasks, load)
        saving: Future[T] | None = None
        while (task := coming.result()) is not None:
            coming = reader.submit(_loaded, tasks, load)
            develop(task)
            if saving is not None:
                yield saving.result()
            saving = writer.submit(_saved, task, save)
            del task  # its picture is freed as soon as it is written
            memory.give_back()
        if saving is not None:
            yield saving.result()


def _loaded(tasks: Iterator[T], load: Callable[[T], None]) -> T | None:
    task = next(tasks, None)
    if task is not None:
        load(task)
    return task


def _saved(task: T, save: Callable[[T], None]) -> T:
    save(task)
    return task
