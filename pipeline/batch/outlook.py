"""What is left to do of a run over a folder, by its journal."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.batch import keys
from pipeline.batch.journal import Journal
from pipeline.batch.keys import Stamp
from pipeline.batch.naming import mask_of
from pipeline.batch.restore import BatchSettings
from pipeline.batch.rows import Row
from pipeline.batch.sources import Pair
from pipeline.errors import OptionError

ALWAYS = "unwritable"
"""The kind of failure that every run tries again: a result in the way, a missing permission."""


@dataclass(frozen=True)
class Order:
    """A photograph that is to be restored, as the journal knows it."""

    pair: Pair
    target: bytes
    settings: str


@dataclass(frozen=True)
class Outlook:
    """What of a run is left to do."""

    open: list[Order]
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
    digest, orders = keys.digest(base), []
    documents = {digest: base}
    for pair in work:
        if settings.mask:
            document = base | _mask(pair, settings)
            digest = keys.digest(document)
            documents[digest] = document
        orders.append(Order(pair, os.fsencode(pair.target.relative_to(root)), digest))
    if not settings.overwrite:
        _refuse_others(orders, known, root)
    left: list[Order] = []
    failed: list[Row] = []
    for order in orders:
        row = known.get(order.target)
        is_current = row is not None and row.settings == order.settings and row.stamp == stamp_of(order.pair.source)
        if row and is_current and row.state == "failed" and row.fault not in retry | {ALWAYS}:
            failed.append(row)
        elif not (row and is_current and row.state == "done" and order.pair.target.exists()):
            left.append(order)
    return Outlook(left, len(orders) - len(left) - len(failed), failed), documents


def _mask(pair: Pair, settings: BatchSettings) -> dict[str, str]:
    """Return the digest of the mask of a photograph, where it has one."""
    mask = mask_of(pair.relative, pair.target, settings.mask) if settings.mask else None
    if mask is None:
        return {}
    try:
        return {"mask": keys.digest_of(mask)}
    except OSError:  # an error of its photograph
        return {"mask": ""}


def _refuse_others(orders: list[Order], known: Mapping[bytes, Row], root: Path) -> None:
    """Refuse to replace results that were made with other settings."""
    others = 0
    for order in orders:
        row = known.get(order.target)
        others += bool(row and row.state == "done" and row.settings != order.settings and order.pair.target.exists())
    if others:
        made = "a result that was" if others == 1 else f"{others} results that were"
        msg = (
            f"{root} has {made} made with other settings or models. Add --overwrite to make them again, or choose "
            "another output."
        )
        raise OptionError(msg)


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None where it cannot be examined."""
    with suppress(OSError):
        return Stamp.of(path)
    return None
