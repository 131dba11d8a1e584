"""The command line: ``restore`` photographs; ``split`` scans; list, download or verify ``models``.

Exit codes: 0 all done, 1 some failed, 2 wrong use, 130 stopped.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from models import catalog, packages
from models.files import weights
from pipeline.batch.faults import is_stop, reason
from pipeline.batch.restore import FULL
from pipeline.command.restore import add_restore, restore
from pipeline.command.split import add_split, split
from pipeline.command.terminal import warn
from pipeline.errors import OptionError, StudioError

_DONE, _SOME_FAILED, _WRONG_USE, _STOPPED = 0, 1, 2, 130


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
        is_stopped = is_stop(error)
        warn(f"{'stopped' if is_stopped else 'error'}: {error}")
        return _STOPPED if is_stopped else _SOME_FAILED
    except BrokenPipeError:  # whoever reads the output, such as head, has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SOME_FAILED
    except OSError as error:
        is_stopped = is_stop(error)
        warn(f"stopped: {FULL}" if is_stopped else f"error: {reason(error)}")
        return _STOPPED if is_stopped else _SOME_FAILED
    except KeyboardInterrupt:
        warn("stopped. Run the same command again to go on.")
        return _STOPPED
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
    command = commands.add_parser("restore", help="restore photographs or folders of them")
    add_restore(command)
    command.set_defaults(command=restore)
    apart = commands.add_parser("split", help="cut scans of several prints into single photographs")
    add_split(apart)
    apart.set_defaults(command=split)
    models = commands.add_parser("models", help="list, download or verify models")
    models.add_argument("action", choices=["list", "download", "verify"])
    models.add_argument("ids", nargs="*", metavar="ID", help="models; none means all (not for download)")
    models.set_defaults(command=_models)
    return parser


def _models(args: argparse.Namespace) -> int:
    specs = [catalog.get(name) for name in args.ids] or list(catalog.MODELS)
    if args.action == "list":
        for spec in specs:
            path = weights.location(spec)
            nbytes = path.stat().st_size if spec.bundled and path.is_file() else spec.size
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
