"""What is left to do of a run over a folder, by its journal."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.batch import keys
from pipeline.batch.buckets import Object
from pipeline.batch.journal import Journal
from pipeline.batch.keys import Stamp
from pipeline.batch.naming import mask_of
from pipeline.batch.restore import BatchSettings
from pipeline.batch.rows import Row
from pipeline.batch.sources import Pair
from pipeline.errors import OptionError, PhotoUnreadable

ALWAYS = "unwritable"
"""The kind of failure that every run tries again: a result in the way, a missing permission."""


@dataclass(frozen=True)
class Due:
    """A photograph that is to be restored, as the journal knows it."""

    pair: Pair
    target: bytes
    settings: str


@dataclass(frozen=True)
class Outlook:
    """What of a run is left to do."""

    open: list[Due]
    done: int
    """Number of results that earlier runs made."""

    failed: list[Row]
    """What failed earlier and is not tried again."""


def enrol(
    journal: Journal, work: list[Pair], settings: BatchSettings, root: Path, retry: frozenset[str] = frozenset()
) -> Outlook:
    """Note the photographs of a run in its journal, and return what is left to do.

    Parameters
    ----------
    journal : Journal
    work : list of Pair
        With targets inside `root`, after `pipeline.batch.restore.check_all`.
    settings : BatchSettings
    root : Path
        Folder of results.
    retry : frozenset of str
        Kinds of failures to try again, from `pipeline.batch.faults.FAULTS`.

    Raises
    ------
    OptionError
        If results of other settings are in the way; before anything is changed.
    """
    outlook, documents = survey(journal.rows(reports=False), work, settings, root, retry)
    rows = ((o.target, os.fsencode(o.pair.source.absolute()), o.pair.page, o.settings) for o in outlook.open)
    journal.enrol(rows, documents)
    return outlook


def survey(
    rows: Iterable[Row], work: list[Pair], settings: BatchSettings, root: Path, retry: frozenset[str] = frozenset()
) -> tuple[Outlook, dict[str, Any]]:
    """Return what is left to do of a run, and its settings by their digests; parameters are those of `enrol`."""
    known = {row.target: row for row in rows}
    base = keys.document_of(settings)
    digest, wanted = keys.digest(base), []
    documents = {digest: base}
    for pair in work:
        if settings.mask:
            document = base | _mask(pair, settings)
            digest = keys.digest(document)
            documents[digest] = document
        wanted.append(Due(pair, os.fsencode(pair.target.relative_to(root)), digest))
    stamps = _Stamps()
    if not settings.overwrite:
        _refuse_others(wanted, known, root, stamps)
    left: list[Due] = []
    failed: list[Row] = []
    for due in wanted:
        row = known.get(due.target)
        is_current = row is not None and _fits(row, due) and row.stamp == stamps.of(due.pair.source)
        if row and is_current and row.state == "failed" and row.fault not in retry | {ALWAYS}:
            failed.append(row)
        elif not (row and is_current and row.state == "done" and stamps.of(due.pair.target)):
            left.append(due)
    return Outlook(left, len(wanted) - len(left) - len(failed), failed), documents


def names(rows: Iterable[Row], folder: Path, root: Path) -> Callable[[Path, int | None, str], Path | None]:
    """Return what gives the result of a photograph the name that it has since an earlier run, inside a folder.

    A result of another format is none of this run, unless the page made it.
    """
    known = {(row.source, row.page): row for row in rows}

    def kept(source: Path, page: int | None, suffix: str) -> Path | None:
        row = known.get((os.fsencode(source.absolute()), page))
        if row is None:
            return None
        target = root / os.fsdecode(row.target)
        fits = target.suffix == suffix or (
            row.settings == keys.PAGE and target.exists() and row.stamp == stamp_of(source)
        )
        return target.relative_to(folder) if fits and target.is_relative_to(folder) else None

    return kept


def _mask(pair: Pair, settings: BatchSettings) -> dict[str, str]:
    """Return the digest of the mask of a photograph, where it has one."""
    mask = mask_of(pair.relative, pair.target, settings.mask) if settings.mask else None
    if mask is None:
        return {}
    try:
        return {"mask": keys.digest_of(mask)}
    except OSError:  # an error of its photograph
        return {"mask": ""}


def _refuse_others(wanted: list[Due], known: Mapping[bytes, Row], root: Path, stamps: "_Stamps") -> None:
    """Refuse to replace results that were made with other settings."""
    others = 0
    for due in wanted:
        row = known.get(due.target)
        others += bool(row and row.state == "done" and not _fits(row, due) and stamps.of(due.pair.target))
    if others:
        made = "a result that was" if others == 1 else f"{others} results that were"
        msg = (
            f"{root} has {made} made with other settings or models. Add --overwrite to make them again, or choose "
            "another output."
        )
        raise OptionError(msg)


def _fits(row: Row, due: Due) -> bool:
    """Return whether a result was made with the settings of the run, or by the page."""
    return row.settings in (due.settings, keys.PAGE)


class _Stamps:
    """Stamps of many files; of objects by one listing of each folder, since a request for each would take hours."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[Object, Stamp]] = {}

    def of(self, path: Path) -> Stamp | None:
        """Return the stamp of a file; None where it cannot be examined."""
        if not isinstance(path, Object):
            return stamp_of(path)
        if path.parent not in self._listed:
            found = path.parent.listed(recursive=False)
            self._listed[path.parent] = {each: Stamp.made(state) for each, state in found.items()}
        return self._listed[path.parent].get(path)


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None where it cannot be examined."""
    with suppress(OSError, PhotoUnreadable):
        return Stamp.of(path)
    return None
