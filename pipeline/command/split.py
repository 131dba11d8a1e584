"""``python -m pipeline split``: single photographs from scans of several prints."""

import argparse
import json
import sys
from pathlib import Path

from pipeline.batch.naming import ENDINGS
from pipeline.batch.sources import find_work
from pipeline.batch.split import SplitReport, SplitSettings, split_all
from pipeline.command import arguments
from pipeline.command.terminal import say, warn
from pipeline.errors import OptionError
from pipeline.options import rules
from pipeline.photo import Output, prepare

_NAMES = [name for name in rules(Output) if name != "mark"]  # nothing is generated that a mark would state


def add_split(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("sources", nargs="+", type=Path, metavar="SCAN", help="scans or folders of them")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FOLDER", help="where photographs go")
    arguments.add_files(parser, _NAMES)


def split(args: argparse.Namespace) -> int:
    """Split scans and return the exit code: 0 all done, 1 some failed.

    Raises
    ------
    OptionError
        If the output is no folder.
    """
    if args.output.is_file() or (args.output.suffix.lower() in ENDINGS and not args.output.is_dir()):
        msg = f"{args.output} is the name of one picture, and a scan may hold several; name a folder."
        raise OptionError(msg)
    prepare()
    same = args.format == arguments.SAME
    output = Output(**{name: value for name in _NAMES if (value := getattr(args, name)) not in (None, arguments.SAME)})
    work = find_work(args.sources, args.output, output, args.page, same_format=same)
    reports: list[SplitReport] = []
    try:
        for report in split_all(work.pairs, SplitSettings(output, args.overwrite, same)):
            reports.append(report)
            _print(report, quiet=args.json)
    finally:  # also after Ctrl+C
        if args.json:
            found = {"passed_over": work.passed_over, "scans": [report.as_dict() for report in reports]}
            sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
    return int(any(report.status == "failed" for report in reports))


def _print(report: SplitReport, *, quiet: bool) -> None:
    """Print what became of a scan; notices and errors go to standard error."""
    for message in report.messages:
        warn(f"{report.source}: {message}")
    if report.error:
        warn(f"{report.source}: {report.error}")
    for each in () if quiet else report.prints:
        width, height = each.size
        say(f"{report.source} -> {each.target} ({width}x{height}, turned by {each.angle:.1f} degrees)")
