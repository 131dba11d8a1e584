"""Print what became of photographs, as they come, or all in the end as JSON."""

import json
import sys
from collections import Counter
from types import TracebackType
from typing import Any, Self

from pipeline.batch.journal import Journal
from pipeline.batch.outlook import Outlook
from pipeline.batch.report import Report
from pipeline.batch.resume import earlier
from pipeline.command.terminal import say, warn


class Printer:
    """Prints reports; a context, whose end prints them as JSON where that is asked for, also after Ctrl+C.

    Parameters
    ----------
    is_json : bool
    facts : mapping
        What the JSON says besides.
    """

    def __init__(self, is_json: bool, facts: dict[str, Any]) -> None:
        self._is_json, self._facts = is_json, facts
        self._reports: list[Report] = []
        self._count: Counter[str] = Counter()
        self._settled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_json:
            said = self._facts | {"kept": self._count["kept"]}
            text = json.dumps(said | {"photographs": [each.as_dict() for each in self._reports]}, indent=2)
            sys.stdout.write(f"{text}\n")
        if kind is KeyboardInterrupt and (done := max(self._settled, self._count["done"])):
            warn(f"{done} restored photographs are kept." if done > 1 else "1 restored photograph is kept.")

    @property
    def code(self) -> int:
        """The exit code: 0 all done, 1 some failed."""
        return int(self._count["failed"] > 0)

    def begin(self, outlook: Outlook, journal: Journal) -> None:
        """Print what failed in earlier runs, and is not tried again."""
        self._count["kept"] += outlook.done
        for row in outlook.failed:
            self.add(earlier(journal, row))

    def add(self, report: Report) -> None:
        """Print what became of a photograph; notices and errors go to standard error."""
        self._count[report.status] += 1
        if self._is_json and report.status != "kept":
            self._reports.append(report)  # else memory would grow with every photograph
        for message in report.messages:
            warn(f"{report.source}: {message}")
        if report.status == "failed":
            warn(f"{report.source}: {report.error}")
        elif report.status == "done" and not self._is_json:
            width, height = report.size
            say(f"{report.source} -> {report.target} ({width}x{height}, {report.seconds:.1f} s)")

    def settled(self) -> None:
        """Count a result that the journal has; its report may not come if the run is stopped."""
        self._settled += 1

    def end(self) -> None:
        """Print one line about a run of which something failed, or was restored earlier."""
        done, kept, failed = (self._count[status] for status in ("done", "kept", "failed"))
        if kept or failed:
            again = "; --retry failed tries again what failed" if failed else ""
            warn(f"{done} restored, {kept} restored earlier, {failed} failed{again}.")
