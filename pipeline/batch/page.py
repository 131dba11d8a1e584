"""A report of a run as one HTML page with small pictures before and after, which needs nothing else."""

import base64
import os
from collections.abc import Callable, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from models.files import atomic
from pipeline.batch.history import History
from pipeline.batch.rows import Row
from pipeline.errors import StudioError
from pipeline.photo import LEAST_CAP, Output, encode_photo, read_photo

NAME = "report.html"
MOST_SHOWN = 200
"""Results with pictures; a page of more would be too large for a browser to open at once."""

MOST_FAILURES = 2000
_PIXELS = max(32_000, LEAST_CAP)
_SMALL = Output("webp", quality=60, metadata="strip")
_STYLE = Path(__file__).parent / "page.css"
_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
<h1>{title}</h1>
<p>{summary}</p>
"""


def write(history: History, root: Path, progress: Callable[[float], None] = lambda fraction: None) -> Path:
    """Write ``report.html`` into a folder of results, failures first, and return its path.

    Parameters
    ----------
    history : History
    root : Path
        Folder of results.
    progress : callable
        Takes the share of the pictures that are made, in [0, 1].
    """
    with atomic.writing(root / NAME) as file:
        for part in _parts(history, root, progress):
            file.write(part.encode("utf-8", "backslashreplace"))
    return root / NAME


def _parts(history: History, root: Path, progress: Callable[[float], None]) -> Iterator[str]:
    states = history.states()
    failed, done = states["failed"], states["done"]
    open_ = states.total() - failed - done
    counts = [f"{done} restored", f"{failed} failed", *([f"{open_} not yet restored"] if open_ else [])]
    title = f"Restored photographs in {escape(root.absolute().name)}"
    style = _STYLE.read_text(encoding="utf-8")
    yield _HEAD.format(title=title, style=style, summary=f"{', '.join(counts)}. report.csv has a line for each.")
    if failed:
        yield from _failures(history, failed)
    if done:
        count = min(done, MOST_SHOWN)
        shown = f" ({count} of {done} are shown)" if done > count else ""
        yield f"<h2>Restored{shown}</h2>\n<p>Left: before. Right: after; a click opens the result.</p>\n<ol>\n"
        chosen = {number * done // count for number in range(count)}  # from all folders
        for number, row in enumerate(history.rows("done")):
            if number in chosen:
                progress(number / done)
                yield _item(row, root)
        yield "</ol>\n"


def _failures(history: History, failed: int) -> Iterator[str]:
    kinds = ", ".join(f"{count} {fault}" for fault, count in history.faults().most_common())
    shown = f" (the first {MOST_FAILURES})" if failed > MOST_FAILURES else ""
    yield f"<h2>Failed: {kinds}{shown}</h2>\n<table>\n<tr><th>photograph<th>kind<th>reason\n"
    for row in islice(history.rows("failed"), MOST_FAILURES):
        source = escape(os.fsdecode(row.source))
        yield f"<tr><td>{source}<td>{row.fault}<td>{escape(row.report.get('error', ''))}\n"
    yield "</table>\n"


def _item(row: Row, root: Path) -> str:
    """Return one photograph before and after, with what was done."""
    name, said = os.fsdecode(row.target), row.report
    link = quote(os.fsencode(name))
    before = _picture(Path(os.fsdecode(row.source)), row.page, f"Before: {name}")
    after = _picture(root / name, None, f"After: {name}")
    (w0, h0), (w1, h1) = said.get("original_size", (0, 0)), said.get("size", (0, 0))
    grown = f" to {w1} x {h1}" if (w0, h0) != (w1, h1) else ""
    figures = f"{w0} x {h0}{grown}, {said.get('seconds', 0):.1f} s"
    if not said:  # the journal was lost since
        return f'<li>{before}<a href="{link}">{after}</a><p><b>{escape(name)}</b></p>\n'
    steps = ", ".join(step["stage"] for step in said.get("stages", []) if step["outcome"] != "skipped")
    notes = [said.get("history", ""), *(notice["message"] for notice in said.get("notices", []))]
    listed = "".join(f"<li>{escape(note)}" for note in notes if note)
    details = f"<details><summary>{escape(steps or 'nothing changed')}</summary><ul>{listed}</ul></details>"
    return f'<li>{before}<a href="{link}">{after}</a><p><b>{escape(name)}</b> {figures}</p>{details}\n'


def _picture(path: Path, page: int | None, text: str) -> str:
    """Return a small picture as an element; one that cannot be read any more says so."""
    try:
        photo = read_photo(path, max_pixels=_PIXELS, page=page)
        data = encode_photo(photo.pixels, photo, _SMALL).data
    except StudioError:
        return f'<span class="gone">{escape(text)} cannot be read</span>'
    width, height = photo.size
    source = base64.b64encode(data).decode()
    return f'<img alt="{escape(text)}" width="{width}" height="{height}" src="data:image/webp;base64,{source}">'
