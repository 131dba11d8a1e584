"""``python -m pipeline restore``: photographs, one by one or in folders whose runs can be resumed."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from models.runtime.engine import Engine
from pipeline import config
from pipeline.batch.faults import FAULTS
from pipeline.batch.journal import Journal
from pipeline.batch.naming import ENDINGS
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings, check_all, restore_all
from pipeline.batch.resume import Outlook, earlier, enrol, resume
from pipeline.batch.sources import OWN, Work, find_work
from pipeline.command import arguments
from pipeline.command.terminal import Line, say, warn
from pipeline.errors import OptionError
from pipeline.options import rules
from pipeline.photo import Output, format_of, prepare
from pipeline.stages import ON_REQUEST

FAILED = "failed"
"""The choice of ``--retry`` that tries every failure again."""


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("sources", nargs="+", type=Path, metavar="IN", help="photographs or folders")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="a file or a folder")
    arguments.add_files(parser, rules(Output))
    parser.add_argument(
        "--max-pixels",
        type=arguments.whole,
        metavar="N",
        help="larger photographs are reduced to this (default 2000000)",
    )
    parser.add_argument("--strict", action="store_true", help="refuse larger photographs instead")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16", "float16"], default="auto")
    group = parser.add_argument_group("folders", "a run over several photographs can be stopped and resumed")
    group.add_argument("--retry", choices=[FAILED, *FAULTS], help="try photographs again that failed in earlier runs")
    arguments.add_plan(parser)


def restore(args: argparse.Namespace) -> int:
    """Restore photographs and return the exit code: 0 all done, 1 some failed.

    Raises
    ------
    StudioError
        If the whole run cannot begin, or go on.
    KeyboardInterrupt
        If somebody stops it.
    """
    prepare()
    settings = _settings(args)
    work = find_work(args.sources, args.output, settings.output, args.page, same_format=settings.same_format)
    if work.passed_over:
        many = f"{work.passed_over} files that are no pictures"
        warn(f"Passed over {'1 file that is no picture' if work.passed_over == 1 else many}.")
    engine = Engine(args.device, args.precision)
    reports: list[Report] = []
    with ExitStack() as stack:
        outlook, coming = _begun(args, work, settings, engine, stack)
        if args.json:
            said = {"device": engine.device, "precision": engine.precision, "passed_over": work.passed_over}
            stack.callback(_print_json, said | {"kept": outlook.done}, reports)  # also after Ctrl+C
        for report in coming:
            reports.append(report)
            _print(report, quiet=args.json)
    if outlook.done:
        warn(_summary(outlook, reports))
    return int(any(report.status == "failed" for report in reports))


def _begun(
    args: argparse.Namespace, work: Work, settings: BatchSettings, engine: Engine, stack: ExitStack
) -> tuple[Outlook, Iterator[Report]]:
    """Return what is left of a run, and the reports to come; a run over several photographs has a journal."""
    if len(args.sources) == 1 and args.sources[0].is_file():
        show = Line(len(work.pairs))
        return Outlook([], 0, []), _shown(restore_all(work.pairs, settings, engine, show.progress), show)
    check_all(work.pairs, settings)
    journal = stack.enter_context(Journal(args.output))
    retry = frozenset(FAULTS if args.retry == FAILED else [args.retry] if args.retry else [])
    outlook = enrol(journal, work.pairs, settings, args.output, retry)
    show = Line(len(outlook.open))
    coming = _shown(resume(journal, outlook.open, settings, engine, show.progress), show)
    return outlook, _chained(outlook, coming)


def _chained(outlook: Outlook, coming: Iterator[Report]) -> Iterator[Report]:
    yield from map(earlier, outlook.failed)
    yield from coming


def _shown(coming: Iterator[Report], line: Line) -> Iterator[Report]:
    """Yield reports; the progress line is erased before each."""
    for report in coming:
        line.clear()
        yield report


def _settings(args: argparse.Namespace) -> BatchSettings:
    """Return the settings that the flags ask for."""
    plan = arguments.read_plan(args)
    limit = config.load().max_pixels if args.max_pixels is None else args.max_pixels
    is_simple = not args.only and not args.settings
    suggest = frozenset(name for name in ON_REQUEST if is_simple and getattr(args, name) is None)
    flags = {name: getattr(args, name) for name in ("strict", "overwrite", "mask")}
    same = args.format == arguments.SAME
    return BatchSettings(plan, _output(args), limit, suggest=suggest, same_format=same, **flags)


def _output(args: argparse.Namespace) -> Output:
    """Return the output that the flags, or the end of OUT, ask for."""
    named = ENDINGS.get(args.output.suffix.lower())
    is_file = args.output.suffix[1:2].isalpha() and not args.output.is_dir()  # a number is no ending
    if is_file and named and (len(args.sources) > 1 or args.sources[0].is_dir()):
        msg = f"{args.output} is the name of one picture, and several are to be restored; name a folder."
        raise OptionError(msg)
    if is_file and args.sources[0].is_file() and len(args.sources) == 1:
        if named is None:
            msg = f"{args.output} must end in one of {', '.join(ENDINGS)}, or be a folder."
            raise OptionError(msg)
        asked = OWN.get(format_of(args.sources[0]), "png") if args.format == arguments.SAME else args.format
        if asked not in (None, named):
            msg = f"{args.output} ends like {named}, but --format asks for {asked}; make them agree."
            raise OptionError(msg)
        return Output(**{**_given(args), "format": named})
    return Output(**_given(args))


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the output that were given on the command line."""
    values = {name: getattr(args, name) for name in rules(Output)}
    return {name: value for name, value in values.items() if value not in (None, arguments.SAME)}


def _print(report: Report, *, quiet: bool) -> None:
    """Print what became of a photograph; notices and errors go to standard error."""
    for message in report.messages:
        warn(f"{report.source}: {message}")
    if report.status == "failed":
        warn(f"{report.source}: {report.error}")
    elif report.status == "done" and not quiet:
        width, height = report.size
        say(f"{report.source} -> {report.target} ({width}x{height}, {report.seconds:.1f} s)")


def _print_json(said: dict[str, Any], reports: list[Report]) -> None:
    text = json.dumps(said | {"photographs": [report.as_dict() for report in reports]}, indent=2)
    sys.stdout.write(f"{text}\n")


def _summary(outlook: Outlook, reports: list[Report]) -> str:
    """Return one line about a run that others preceded."""
    kept = outlook.done + sum(report.status == "kept" for report in reports)
    done, failed = (sum(report.status == status for report in reports) for status in ("done", "failed"))
    again = f"; --retry {FAILED} tries {len(outlook.failed)} of them again" if outlook.failed else ""
    return f"{done} restored, {kept} restored earlier, {failed} failed{again}."
