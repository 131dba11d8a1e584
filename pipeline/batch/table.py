"""A table of a run, for spreadsheets and scripts: one line a photograph."""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from models.files import atomic
from pipeline.batch.rows import Row

NAME = "report.csv"
_COLUMNS = (
    *("source", "result", "state", "fault", "error", "original_width", "original_height", "width", "height", "format"),
    *("seconds", "device", "precision", "notices", "history", "source_sha256", "result_sha256", "key"),
)


def write(rows: Iterable[Row], root: Path) -> Path:
    """Write ``report.csv`` into a folder of results, failures first, and return its path.

    Parameters
    ----------
    rows : iterable of Row
    root : Path
        Folder of results.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    table.writerows(_line(row, root) for row in failures_first(rows))
    atomic.write(root / NAME, text.getvalue().encode("utf-8", "backslashreplace"))
    return root / NAME


def failures_first(rows: Iterable[Row]) -> list[Row]:
    """Return rows with failures at the beginning, each part in its order."""
    return sorted(rows, key=lambda row: row.state != "failed")


def _line(row: Row, root: Path) -> list[object]:
    said, is_done = row.report, row.state == "done"
    blank = ["", ""]
    notices = " ".join(notice["code"] for notice in said.get("notices", []))
    return [
        *(os.fsdecode(row.source), root / os.fsdecode(row.target), row.state, row.fault),
        *(said.get("error", ""), *said.get("original_size", blank), *(said.get("size", blank) if is_done else blank)),
        *(said.get("format", ""), round(said.get("seconds", 0.0), 2), said.get("device", "")),
        *(said.get("precision", ""), notices, said.get("history", "")),
        *(row.sha256, row.result if is_done else "", row.key),
    ]
