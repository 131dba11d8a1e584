"""A cache of stage results, bounded in bytes, that all sessions share."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from pipeline.notices import Notice
from pipeline.stage import Image


@dataclass(frozen=True)
class Entry:
    """What a stage made: its picture (read-only), what it said, and what it cost."""

    image: Image
    notices: tuple[Notice, ...]
    seconds: float


class ResultCache:
    """Keeps the results that were used last, up to `max_bytes`; safe to share between threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of all pictures kept."""
        with self._lock:
            return self._total()

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`, or None."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry; the oldest ones make room. One that is larger than the whole cache is not kept."""
        if entry.image.nbytes > self._max_bytes:
            return
        entry.image.flags.writeable = False
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while self._total() > self._max_bytes:
                self._entries.popitem(last=False)

    def _total(self) -> int:
        return sum(entry.image.nbytes for entry in self._entries.values())
