"""The command line: ``restore`` photographs; ``split`` scans; list, download or verify ``models``.

Exit codes: 0 all done, 1 some failed, 2 wrong use.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from models import catalog, packages
from models.files import weights
from models.runtime.engine import Engine
from pipeline import config
from pipeline.batch.naming import ENDINGS
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings, reason, restore_all
from pipeline.batch.sources import OWN, find_work
from pipeline.command import arguments
from pipeline.command.split import add_split, split
from pipeline.command.terminal import Line, say, warn
from pipeline.errors import OptionError, StudioError
from pipeline.options import rules
from pipeline.photo import Output, format_of, prepare
from pipeline.stages import ON_REQUEST

_DONE, _SOME_FAILED, _WRONG_USE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold characters that the terminal lacks
    try:
        args = _parser().parse_args(argv)
        code: int = args.command(args)
        sys.stdout.flush()
    except OptionError as error:
        warn(f"error: {error}")
        return _WRONG_USE
    except StudioError as error:
        warn(f"error: {error}")
        return _SOME_FAILED
    except BrokenPipeError:  # whoever reads the output, such as head, has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SOME_FAILED
    except OSError as error:
        warn(f"error: {reason(error)}")
        return _SOME_FAILED
    except KeyboardInterrupt:
        print("\nstopped; finished photographs are kept", file=sys.stderr)
        return _SOME_FAILED
    return code


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error and exit."""
        warn(f"error: {message}. See {self.prog} --help.")
        raise SystemExit(_WRONG_USE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pipeline", description="Restore old and poor photographs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    restore = commands.add_parser("restore", help="restore photographs or folders of them")
    _add_restore(restore)
    restore.set_defaults(command=_restore)
    apart = commands.add_parser("split", help="cut scans of several prints into single photographs")
    add_split(apart)
    apart.set_defaults(command=split)
    models = commands.add_parser("models", help="list, download or verify models")
    models.add_argument("action", choices=["list", "download", "verify"])
    models.add_argument("ids", nargs="*", metavar="ID", help="models; none means all (not for download)")
    models.set_defaults(command=_models)
    return parser


def _add_restore(parser: argparse.ArgumentParser) -> None:
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
    arguments.add_plan(parser)


def _restore(args: argparse.Namespace) -> int:
    prepare()
    plan = arguments.read_plan(args)
    limit = config.load().max_pixels if args.max_pixels is None else args.max_pixels
    is_simple = not args.only and not args.settings
    suggest = frozenset(name for name in ON_REQUEST if is_simple and getattr(args, name) is None)
    flags = {name: getattr(args, name) for name in ("strict", "overwrite", "mask")}
    same = args.format == arguments.SAME
    settings = BatchSettings(plan, _output(args), limit, suggest=suggest, same_format=same, **flags)
    work = find_work(args.sources, args.output, settings.output, args.page, same_format=same)
    if work.passed_over:
        files = (
            "1 file that is no picture" if work.passed_over == 1 else f"{work.passed_over} files that are no pictures"
        )
        warn(f"Passed over {files}.")
    show = Line(len(work.pairs))
    reports: list[Report] = []
    engine = Engine(args.device, args.precision)
    try:
        for report in restore_all(work.pairs, settings, engine, show.progress):
            show.clear()
            reports.append(report)
            _print(report, quiet=args.json)
    finally:  # also after Ctrl+C
        if args.json:
            done = {"device": engine.device, "precision": engine.precision, "passed_over": work.passed_over}
            print(json.dumps(done | {"photographs": [report.as_dict() for report in reports]}, indent=2))
    return _DONE if all(report.status == "done" for report in reports) else _SOME_FAILED


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
    elif not quiet:
        width, height = report.size
        say(f"{report.source} -> {report.target} ({width}x{height}, {report.seconds:.1f} s)")


def _models(args: argparse.Namespace) -> int:
    specs = [catalog.get(name) for name in args.ids] or list(catalog.MODELS)
    if args.action == "list":
        for spec in specs:
            nbytes = weights.location(spec).stat().st_size if spec.bundled else spec.size
            size = f"{nbytes / 1e6:.1f} MB" if nbytes else "size unknown"
            print(f"{spec.id:<30}{spec.task:<10}{weights.status(spec):<12}{size:<14}{spec.licence}")
        if packages.missing():
            print(f"Models that are not bundled need PyTorch: {packages.INSTALL}.", file=sys.stderr)
        return _DONE
    if args.action == "download" and not args.ids:
        msg = "Name the models to download; `models list` shows them."
        raise OptionError(msg)
    return max([_one_model(args.action, spec) for spec in specs], default=_DONE)


def _one_model(action: str, spec: catalog.ModelSpec) -> int:
    """Download or verify one model; a failure is printed, and the next model follows."""
    if action == "verify" and weights.status(spec) != "ready":
        print(f"{spec.id}: {weights.status(spec)}, nothing to verify")
        return _DONE
    try:
        if action == "download":
            path = weights.download(spec, _bytes_line(spec.id))
            print(f"{spec.id}: {path}. {weights.provenance(spec)}")
        else:
            digest = weights.verify(spec, weights.find(spec))
            print(f"{spec.id}: {digest}. {weights.provenance(spec)}")
    except StudioError as error:
        print(f"{spec.id}: {error}", file=sys.stderr)
        return _SOME_FAILED
    return _DONE


def _bytes_line(name: str) -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        sys.stderr.write(f"\r{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB ")
        sys.stderr.flush()

    return show
