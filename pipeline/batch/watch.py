"""Find photographs as they arrive in folders, once nobody writes to them any more."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.batch.keys import Stamp
from pipeline.batch.outlook import stamp_of
from pipeline.batch.sources import Pair

SETTLE_S = 2.0
"""A file is taken when its size and date stood still for so long."""

_SHARE = 0.1
"""Largest share of the time that is spent looking, where folders are large."""


def arrivals(find: Callable[[], list[Pair]]) -> Iterator[list[Pair]]:
    """Yield photographs that are new or have changed, for ever; each when its file stood still for `SETTLE_S`.

    Parameters
    ----------
    find : callable
        Returns all photographs that are there.
    """
    seen: dict[Path, Stamp | None] = {}
    taken: dict[Path, Stamp | None] = {}
    while True:
        started = time.monotonic()
        pairs = find()
        now = {pair.source: stamp_of(pair.source) for pair in pairs}
        still = {
            path for path, stamp in now.items() if path in seen and seen[path] == stamp and taken.get(path) != stamp
        }
        seen = now
        looked = time.monotonic() - started  # without the time that the caller takes to restore them
        if still:
            taken |= {path: now[path] for path in still}
            yield [pair for pair in pairs if pair.source in still]
        time.sleep(max(SETTLE_S, looked * (1 / _SHARE - 1)))
