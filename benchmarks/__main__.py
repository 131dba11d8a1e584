"""The command line of the benchmarks: ``python -m benchmarks peers|quality|speed|fill|colours|sheet``.

Exit codes: 0 done, 1 failed or not within the tolerance, 2 wrong use.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.errors import StudioError
from models.runtime.engine import Engine
from pipeline.errors import OptionError

_EXTRAS = ("basicsr", "piq", "realesrgan")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        good: bool = args.command(args)
    except StudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        print(f"error: the package {error.name} is missing; `make peers` installs it.", file=sys.stderr)
        return 1
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and quality against named peers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    peers = commands.add_parser("peers", help="the same weights through realesrgan and through the studio")
    peers.add_argument("photograph", type=Path)
    peers.add_argument("--weights", type=Path, required=True, help="an SRVGGNetCompact or RRDBNet file")
    peers.add_argument("--rounds", type=_count, default=3, help="paired runs (default 3)")
    peers.set_defaults(command=_peers)
    quality = commands.add_parser("quality", help="each stage on damage whose truth is known")
    quality.add_argument("--truth", type=Path, required=True, metavar="FOLDER", help="undamaged photographs")
    quality.add_argument("--tasks", type=_tasks, default=_tasks("all"), help="TASK,TASK,... (default all)")
    quality.set_defaults(command=_quality)
    _add_speed(commands.add_parser("speed", help="stages, chain, processes and files, beside the peers, in turns"))
    fill = commands.add_parser("fill", help="fillers on true masks, and detectors against them")
    fill.add_argument("--truth", type=Path, required=True, metavar="FOLDER", help="undamaged photographs")
    fill.add_argument("--fillers", nargs="*", default=[], metavar="FILE", help="also LaMa's or MI-GAN's file")
    fill.add_argument("--detectors", nargs="*", default=[], metavar="FILE", help="also a detector's file")
    fill.set_defaults(command=_fill)
    colours = commands.add_parser("colours", help="guessed colours against true ones, by folder")
    colours.add_argument("folder", type=Path, help="colour photographs, grouped by their folders")
    colours.add_argument("--plates", action="store_true", help="each is a scan of three plates: blue, green, red")
    colours.add_argument("--plan", default="colorize", help='such as "colorize.saturation=0.8"')
    colours.add_argument(
        "--color", type=float, nargs="+", default=[], help="also at these shares of the truth's colour"
    )
    colours.add_argument("-o", "--out", type=Path, help="picture file of all, to look at")
    colours.set_defaults(command=_colours)
    sheet = commands.add_parser("sheet", help="photographs side by side, restored in several ways, to look at")
    sheet.add_argument("photographs", type=Path, nargs="+")
    sheet.add_argument("--plan", action="append", default=[], help='such as "denoise upscale.scale=4"; several')
    sheet.add_argument("-o", "--out", type=Path, required=True, help="picture file to write")
    sheet.add_argument("--damage", action="store_true", help="whole photographs, what repair filled, and the result")
    sheet.add_argument("--side", type=_count, default=96, help="side of the part that is shown (default 96 pixels)")
    sheet.set_defaults(command=_sheet)
    return parser


def _add_speed(speed: argparse.ArgumentParser) -> None:
    speed.add_argument("photograph", type=Path, help="it is brought to each size")
    speed.add_argument("--weights", type=Path, help="an upscaler's file, x4, for the peers and for ours")
    speed.add_argument("--only", type=_parts, default="all", help="PART,PART,... (default all)")
    speed.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1, 2], help="default 0.25 1 2")
    speed.add_argument("--scales", type=float, nargs="+", default=[1, 2, 4], help="default 1 2 4")
    speed.add_argument("--rounds", type=_count, default=5, help="paired runs (default 5)")
    speed.set_defaults(command=_speed)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        msg = "at least 1 is needed"
        raise argparse.ArgumentTypeError(msg)
    return count


def _tasks(text: str) -> list[str]:
    from benchmarks.quality.stages import TRIALS

    tasks = list(TRIALS) if text == "all" else text.split(",")
    unknown = [task for task in tasks if task not in TRIALS]
    if unknown:
        msg = f"no task {', '.join(unknown)}; the tasks are {', '.join(TRIALS)}"
        raise argparse.ArgumentTypeError(msg)
    return tasks


def _parts(text: str) -> list[str]:
    from benchmarks.speed.parts import PARTS

    parts = list(PARTS) if text == "all" else text.split(",")
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        msg = f"no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}"
        raise argparse.ArgumentTypeError(msg)
    return parts


def _peers(args: argparse.Namespace) -> bool:
    from benchmarks.speed.same_weights import compare

    return compare(args.photograph, args.weights, rounds=args.rounds)


def _quality(args: argparse.Namespace) -> bool:
    from benchmarks.quality.stages import tables

    for line in tables(args.truth, args.tasks, Engine("cpu")):
        print(line, flush=True)
    return True


def _speed(args: argparse.Namespace) -> bool:
    from benchmarks.speed.parts import tables
    from benchmarks.speed.races import Asked

    asked = Asked(args.photograph, args.weights, tuple(args.megapixels), tuple(args.scales), args.rounds)
    for line in tables(args.only, asked):
        print(line, flush=True)
    return True


def _fill(args: argparse.Namespace) -> bool:
    from benchmarks.quality import fill
    from pipeline.methods.detection import DETECTORS
    from pipeline.methods.inpainting import AUTO, CLASSICAL

    engine = Engine("cpu")
    for line in fill.fillers(args.truth, [*CLASSICAL, AUTO, *args.fillers], engine):
        print(line, flush=True)
    print()
    for line in fill.detectors(args.truth, [*DETECTORS, *args.detectors], engine):
        print(line, flush=True)
    return True


def _colours(args: argparse.Namespace) -> bool:
    from benchmarks.quality import colours
    from benchmarks.quality.sheet import plan
    from pipeline.stages import Colorize

    (stage,) = plan(args.plan).stages
    if not isinstance(stage, Colorize):
        msg = f"Expected a plan of colorize alone, got {args.plan!r}."
        raise OptionError(msg)
    pairs, engine = colours.read(args.folder, three_plates=args.plates), Engine("cpu")
    for line in colours.tables(pairs, replace(stage, always=True), engine, args.color):
        print(line, flush=True)
    if args.out:
        colours.make_sheet(pairs, replace(stage, always=True), engine, args.out)
    return True


def _sheet(args: argparse.Namespace) -> bool:
    from benchmarks.quality import sheet

    if args.damage:
        sheet.make_of_damage(args.photographs, args.plan, args.out, Engine("cpu"))
    else:
        sheet.make(args.photographs, args.plan, args.out, Engine("cpu"), side=args.side)
    return True


if __name__ == "__main__":
    sys.exit(main())
