"""An album of the page that is carried on as a folder: what the page has restored, for the journal of a run."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.batch.journal import FOLDER, Journal
from pipeline.batch.keys import digest_of
from pipeline.batch.outlook import stamp_of
from pipeline.batch.rows import Adopted
from pipeline.batch.sources import Pair
from pipeline.errors import JournalUnusable, PhotoUnreadable

RESULTS = f"{FOLDER}/album.json"
SETTINGS = f"{FOLDER}/settings.json"
"""Paths in a folder of results, and in the ZIP of an album."""


@dataclass(frozen=True)
class Kept:
    """A photograph that the page has restored."""

    size: int
    """Of its file in bytes."""

    sha256: str
    page: int | None
    result: str
    """Name of the result."""

    result_sha256: str


def is_in(root: Path) -> bool:
    """Return whether a folder of results holds what the page has made of an album."""
    return (root / RESULTS).is_file()


def to_text(kept: Iterable[Kept]) -> str:
    """Return the file that says what the page has restored."""
    return json.dumps({"version": 1, "restored": [asdict(each) for each in kept]}, indent=1)


def adopt(root: Path, pairs: Iterable[Pair], journal: Journal) -> None:
    """Note in a journal those photographs of a run that the page has restored; they are known by their content.

    Parameters
    ----------
    root : Path
        Folder of results, which has an album.
    pairs : iterable of Pair
    journal : Journal

    Raises
    ------
    JournalUnusable
        If the album's file is malformed.
    """
    journal.adopt(_matches(root, pairs, _read(root / RESULTS)))


def _matches(root: Path, pairs: Iterable[Pair], found: Iterable[Kept]) -> Iterator[Adopted]:
    """Yield what the page has made of the photographs of a run; only files of a size that fits are read."""
    known: dict[tuple[str, int | None], list[Kept]] = {}
    for each in found:
        if (root / each.result).is_file():
            known.setdefault((each.sha256, each.page), []).append(each)
    sizes = {each.size for same in known.values() for each in same}
    for pair in pairs:
        stamp = stamp_of(pair.source)
        if stamp is None or stamp.size not in sizes:
            continue
        with suppress(OSError, PhotoUnreadable):  # restoring it reports why it cannot be read
            same = known.get((digest_of(pair.source), pair.page))
            if same:
                each = same.pop(0)  # of equal photographs each has a result of its own
                yield Adopted(each.result, pair.source.absolute(), pair.page, stamp, each.sha256, each.result_sha256)


def _read(path: Path) -> list[Kept]:
    try:
        kept = [Kept(**each) for each in json.loads(path.read_text(encoding="utf-8"))["restored"]]
        if all(Path(each.result).name == each.result for each in kept):
            return kept
    except (ValueError, KeyError, TypeError):
        pass
    msg = (
        f"Expected {path} as the page writes it, got something else. Take it from the album's ZIP again, or delete it."
    )
    raise JournalUnusable(msg)
