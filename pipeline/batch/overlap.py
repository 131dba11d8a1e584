"""Read the next photograph and write the last one while the networks work on this one."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from models.runtime import memory

T = TypeVar("T")


def overlapped(
    items: Iterator[T], load: Callable[[T], None], develop: Callable[[T], None], save: Callable[[T], None]
) -> Iterator[T]:
    """Yield items in order after their three steps; at most three are in memory at a time.

    Parameters
    ----------
    items : iterator
        Advanced in a thread of its own, as `load` is called.
    load, save : callable
        Called in two other threads, each for one item at a time.
    develop : callable
        Called in this thread, which Ctrl+C reaches.
    """
    with ThreadPoolExecutor(1, "studio-read") as reader, ThreadPoolExecutor(1, "studio-write") as writer:
        coming = reader.submit(_loaded, items, load)
        saving: Future[T] | None = None
        while (item := coming.result()) is not None:
            coming = reader.submit(_loaded, items, load)
            develop(item)
            if saving is not None:
                yield saving.result()
            saving = writer.submit(_saved, item, save)
            del item  # its picture is freed as soon as it is written
            memory.give_back()
        if saving is not None:
            yield saving.result()


def _loaded(items: Iterator[T], load: Callable[[T], None]) -> T | None:
    item = next(items, None)
    if item is not None:
        load(item)
    return item


def _saved(item: T, save: Callable[[T], None]) -> T:
    save(item)
    return item
