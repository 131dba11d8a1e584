"""``python -m pipeline restore``: photographs, one by one or in folders whose runs can be resumed."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from models.runtime import memory
from models.runtime.engine import Engine
from pipeline import config
from pipeline.batch import album, sidecar
from pipeline.batch.actors import Cluster
from pipeline.batch.cluster import spread
from pipeline.batch.journal import Journal
from pipeline.batch.naming import ENDINGS
from pipeline.batch.outlook import enrol, names, survey
from pipeline.batch.restore import BatchSettings, check_all, restore_all
from pipeline.batch.resume import resume
from pipeline.batch.rows import Row
from pipeline.batch.sources import OWN, Pair, Work, find_work
from pipeline.batch.watch import arrivals
from pipeline.command import arguments, folders
from pipeline.command.printing import Printer
from pipeline.command.terminal import Line, warn
from pipeline.errors import OptionError, PhotoError
from pipeline.options import rules
from pipeline.photo import Output, format_of, prepare
from pipeline.stages import ON_REQUEST


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add, place = parser.add_argument, arguments.place
    add("sources", nargs="*", type=place, metavar="IN", help="photographs, folders, or s3://BUCKET/PREFIX")
    add("-o", "--output", required=True, type=place, metavar="OUT", help="a file, a folder, or s3://BUCKET/PREFIX")
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
    folders.add_folders(parser)
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
    folders.check_buckets(args)
    if args.verify:
        return folders.verified(folders.home(args), args.output)
    if not args.sources and args.report:
        folders.report(args.output)
        folders.seal_again(args.output)
        return 0
    if not args.sources:
        msg = "Expected photographs or folders to restore, got none. Name them before -o."
        raise OptionError(msg)
    settings = _settings(args)
    is_over_folder = folders.is_over_folder(args)
    prepare()
    memory.keep_little()
    if args.dry_run:
        return _dry(args, settings, Engine(args.device, args.precision))
    engine = Engine() if args.engine else Engine(args.device, args.precision)  # the machines of a cluster have theirs
    run = _over_folder if is_over_folder else _alone
    return run(args, settings, engine)


def _alone(args: argparse.Namespace, settings: BatchSettings, engine: Engine) -> int:
    """Restore one photograph, or the pages of one file, without a journal."""
    work = _found(args, settings).pairs
    show = Line(len(work))
    with _printer(args, engine, 0) as printer:
        try:
            for each in restore_all(work, settings, engine, show.progress):
                show.clear()
                printer.add(each)
        finally:
            show.clear()
    return printer.code


def _dry(args: argparse.Namespace, settings: BatchSettings, engine: Engine) -> int:
    """Print what a run would take; write nothing."""
    rows = folders.earlier(args)
    work = _part(args, _found(args, settings, rows))
    outlook, _ = survey(rows, work, replace(settings, overwrite=True), args.output, folders.retried(args))
    folders.tell_estimate(outlook, settings, engine, args.output)
    return 0


def _over_folder(args: argparse.Namespace, settings: BatchSettings, engine: Engine) -> int:
    """Restore photographs by a journal, and write what was asked for beside the results."""
    home = folders.home(args)
    if album.is_in(home):
        if args.watch:
            msg = f"Expected a run that ends, since {home} is an album of the page; got --watch. Leave it out."
            raise OptionError(msg)
        with Journal(home, folders.journal_name(args)) as journal:
            album.adopt(home, _part(args, _found(args, settings, quiet=True)), journal)
    work = Work([]) if args.watch else _found(args, settings, folders.earlier(args))
    check_all(work.pairs, settings)
    name = folders.journal_name(args)
    with _printer(args, engine, work.passed_over) as printer, Journal(home, name) as journal:
        batches = arrivals(lambda: _there(args, settings, journal)) if args.watch else [_part(args, work)]
        _restore_batches(args, batches, lambda pairs: _restore(args, pairs, settings, engine, journal, printer))
        printer.end()
        folders.export(args, journal)
    return printer.code


def _restore_batches(
    args: argparse.Namespace, batches: Iterable[list[Pair]], restore_batch: Callable[[list[Pair]], None]
) -> None:
    """Restore photographs as they come; Ctrl+C while folders are watched and nothing is in work is a good end."""
    is_idle = True
    try:
        for pairs in batches:
            is_idle = False
            restore_batch(pairs)
            is_idle = True
    except KeyboardInterrupt:
        if not (args.watch and is_idle):
            raise


def _restore(
    args: argparse.Namespace,
    work: list[Pair],
    settings: BatchSettings,
    engine: Engine,
    journal: Journal,
    printer: Printer,
) -> None:
    """Restore what is left of some photographs."""
    outlook = enrol(journal, work, settings, args.output, folders.retried(args))
    show, documents, left = Line(len(outlook.open)), journal.documents(), outlook.open

    def done(row: Row) -> None:
        printer.settled()
        if args.sidecar:
            sidecar.write(row, documents, args.output, args.sidecar)

    printer.begin(outlook, journal)
    try:
        cluster = Cluster(args.address, args.actors, args.device, args.precision)
        reports = (
            spread(journal, left, settings, cluster, show.progress, done)
            if args.engine
            else resume(journal, left, settings, engine, show.progress, done)
        )
        for each in reports:
            show.clear()
            printer.add(each)
    finally:
        show.clear()


def _there(args: argparse.Namespace, settings: BatchSettings, journal: Journal) -> list[Pair]:
    """Return the photographs that are there while folders are watched."""
    try:
        work = _found(args, settings, journal.rows(reports=False), quiet=True)
    except PhotoError:  # the folders are still empty
        return []
    check_all(work.pairs, settings)
    return _part(args, work)


def _found(args: argparse.Namespace, settings: BatchSettings, rows: Iterable[Row] = (), *, quiet: bool = False) -> Work:
    """Return the photographs of a run; those that earlier runs made keep the names of their results."""
    folder = folders.results(args)
    kept = names(rows, folder, args.output)
    same = settings.same_format
    work = find_work(args.sources, folder, settings.output, args.page, same_format=same, kept=kept)
    if work.passed_over and not quiet:
        many = f"{work.passed_over} files that are no pictures"
        warn(f"Passed over {'1 file that is no picture' if work.passed_over == 1 else many}.")
    return work


def _part(args: argparse.Namespace, work: Work) -> list[Pair]:
    """Return the photographs of a run, or of its shard."""
    return args.shard.part(work.pairs) if args.shard else work.pairs


def _printer(args: argparse.Namespace, engine: Engine, passed_over: int) -> Printer:
    return Printer(args.json, {"device": engine.device, "precision": engine.precision, "passed_over": passed_over})


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
