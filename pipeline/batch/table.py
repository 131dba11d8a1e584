"""A table of a run, for spreadsheets and scripts: one line a photograph."""

import csv
import io
import os
from itertools import chain
from pathlib import Path

from models.files import atomic
from pipeline.batch.history import History
from pipeline.batch.rows import Row

NAME = "report.csv"
_COLUMNS = (
    *("source", "result", "state", "fault", "error", "original_width", "original_height", "width", "height", "format"),
    *("seconds", "device", "precision", "notices", "history", "source_sha256", "result_sha256", "key"),
)


def write(history: History, root: Path) -> Path:
    """Write ``report.csv`` into a folder of results, failures first, and return its path.

    Parameters
    ----------
    history : History
    root : Path
        Folder of results.
    """
    rows = chain(history.rows("failed"), history.rows("done", "new", "running"))
    with atomic.writing(root / NAME) as file:
        text = io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="")
        table = csv.writer(text)
        table.writerow(_COLUMNS)
        table.writerows(_line(row, root) for row in rows)
        text.detach()
    return root / NAME


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
