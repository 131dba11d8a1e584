"""A run over a large archive without its networks: what the journal and the scheduling take."""

import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.batch import table
from pipeline.batch.history import History
from pipeline.batch.journal import Journal
from pipeline.batch.keys import Stamp
from pipeline.batch.naming import Wish, distinct
from pipeline.batch.outlook import Due, enrol
from pipeline.batch.restore import BatchSettings
from pipeline.batch.sources import Pair
from pipeline.photo import Output
from pipeline.plan import arrange
from pipeline.stages import BY_NAME

_FAULTS = ("unreadable", "too-large", "memory")
_EACH_FOLDER = 1000
_DIGEST = "0" * 64


def lines(count: int, failures: float) -> Iterator[str]:
    """Yield the lines of the report: seconds and memory of each step over `count` photographs, whose files are empty.

    Parameters
    ----------
    count : int
    failures : float
        Share of the photographs that fail, in [0, 1].
    """
    settings = BatchSettings(arrange([BY_NAME["sharpen"]()]), Output(), 2_000_000)
    chance = random.Random(20)  # noqa: S311 - no secret
    yield "| step | seconds | ms a photograph | memory, MB |"
    yield "|---|---|---|---|"
    with tempfile.TemporaryDirectory(prefix="restoration-archive-") as folder:
        root = Path(folder) / "out"
        started = time.perf_counter()

        def step(name: str) -> str:
            nonlocal started
            seconds = time.perf_counter() - started
            started = time.perf_counter()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            return f"| {name} | {seconds:.1f} | {seconds / count * 1000:.3f} | {peak:.0f} |"

        pairs = _pairs(Path(folder) / "in", root, count)
        yield step("make empty files, name the results")
        with Journal(root) as journal:
            left = enrol(journal, pairs, settings, root).open
            yield step("enrol them in the journal")
            stop = len(left) // 2
            for due in left[:stop]:
                _settle(journal, due, "" if chance.random() >= failures else chance.choice(_FAULTS))
            yield step("claim and settle the first half")
        with Journal(root) as journal:
            again = enrol(journal, pairs, settings, root)
            yield step("stop, open again, and survey what is left")
            for due in left[stop:]:
                _settle(journal, due, "" if chance.random() >= failures else chance.choice(_FAULTS))
            yield step("claim and settle the second half")
            nbytes = journal.path.stat().st_size
        history = History(root)
        table.write(history, root)
        yield step("report.csv")
        states = history.states()
    lost = count - states["done"] - states["failed"]
    yield f"\n{count} photographs: {states['done']} done, {states['failed']} failed, {lost} lost. After the stop,"
    yield f"{again.done} were not made again, and {len(again.failed)} failures not tried again. The journal has"
    yield f"{nbytes / 1e6:.0f} MB."


def _pairs(source: Path, root: Path, count: int) -> list[Pair]:
    relative = [Path(f"{n // _EACH_FOLDER:03}") / f"scan {n:06}.tif" for n in range(count)]
    for each in relative:
        for folder in (source, root) if each.stem.endswith("000") else ():
            (folder / each).parent.mkdir(parents=True)
        (source / each).touch()
    names = distinct(Wish(each, ".png") for each in relative)
    return [Pair(source / each, root / name, None, each) for each, name in zip(relative, names, strict=True)]


def _settle(journal: Journal, due: Due, fault: str) -> None:
    """Write what a run writes for each photograph."""
    if journal.claim(due.target) is None:
        msg = f"{due.pair.target} was taken before."
        raise RuntimeError(msg)
    journal.hashed(due.target, Stamp.of(due.pair.source), _DIGEST)
    if not fault:
        journal.intend(due.target, _DIGEST, _DIGEST, {"seconds": 1.0, "history": "Sharpen", "size": [100, 100]})
        due.pair.target.touch()
    journal.settle(due.target, fault, {"error": "It cannot be read."} if fault else None)
