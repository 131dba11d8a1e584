"""The command line of the benchmarks: ``python -m benchmarks COMMAND``; ``--help`` lists the commands.

Exit codes: 0 done, 1 failed or not within the tolerance, 2 wrong use.
"""

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from models.errors import StudioError
from models.runtime.engine import Engine
from pipeline.errors import OptionError

_EXTRAS = ("basicsr", "piq", "realesrgan", "stlpips_pytorch")


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
        print(f"error: Expected the package {error.name}, which is not installed. Run make peers.", file=sys.stderr)
        return 1
    return 0 if good else 1


def _printed(lines: Iterable[str]) -> bool:
    """Print lines as they come; return that all went well."""
    for line in lines:
        print(line, flush=True)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and quality.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    peers = commands.add_parser("peers", help="the same weights in realesrgan and in the studio: difference and times")
    peers.add_argument("photograph", type=Path, help="photograph to enlarge")
    peers.add_argument("--weights", type=Path, required=True, help="file of an SRVGGNetCompact or RRDBNet")
    peers.add_argument("--rounds", type=_count, default=3, help="paired runs (default 3)")
    peers.set_defaults(command=_peers)
    quality = commands.add_parser("quality", help="each stage on damage whose truth is known")
    quality.add_argument("--truth", type=Path, required=True, metavar="FOLDER", help="undamaged photographs")
    quality.add_argument("--tasks", type=_tasks, default=_tasks("all"), help="TASK,TASK,... (default all)")
    quality.add_argument("--recogniser", type=Path, metavar="FILE", help="ONNX network for the identity of faces")
    quality.set_defaults(command=_quality)
    _add_speed(commands.add_parser("speed", help="stages, chain, processes and files, in turns with the peers"))
    _add_api(commands.add_parser("api", help="many programs at the HTTP API at once: what becomes of every job"))
    _add_archive(commands.add_parser("archive", help="a run over 200,000 photographs without networks: the journal"))
    _add_folder(commands.add_parser("folder", help="a run over a folder: the networks' share of the time, and memory"))
    _add_load(commands.add_parser("load", help="many visitors at once: time of an answer, and memory"))
    fill = commands.add_parser("fill", help="fillers on true masks, and detectors against them")
    fill.add_argument("--truth", type=Path, required=True, metavar="FOLDER", help="undamaged photographs")
    fill.add_argument("--fillers", nargs="*", default=[], metavar="FILE", help="files of further fillers, such as LaMa")
    fill.add_argument("--detectors", nargs="*", default=[], metavar="FILE", help="files of further detectors")
    fill.set_defaults(command=_fill)
    colours = commands.add_parser("colours", help="predicted colours against true ones, by folder")
    colours.add_argument("folder", type=Path, help="colour photographs, grouped by their folders")
    colours.add_argument(
        "--plates", action="store_true", help="photographs are scans of three plates: blue, green, red"
    )
    colours.add_argument("--plan", default="colorize", help='options, such as "colorize.saturation=0.8"')
    colours.add_argument(
        "--color", type=float, nargs="+", default=[], help="measure also at these shares of the truth's colourfulness"
    )
    colours.add_argument("-o", "--out", type=Path, help="picture file of all results to write")
    colours.set_defaults(command=_colours)
    scans = commands.add_parser("scans", help="prints found on composed scans, whose outlines are known")
    scans.add_argument("folder", type=Path, help="photographs that become prints")
    scans.add_argument("--count", type=_count, default=200, help="scans to compose (default 200)")
    scans.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    scans.set_defaults(command=_scans)
    sheet = commands.add_parser("sheet", help="photographs side by side, restored by several plans")
    sheet.add_argument("photographs", type=Path, nargs="+", help="photographs to restore")
    sheet.add_argument("--plan", action="append", default=[], help='such as "denoise upscale.scale=4"; may be repeated')
    sheet.add_argument("-o", "--out", type=Path, required=True, help="picture file to write")
    sheet.add_argument(
        "--damage", action="store_true", help="show whole photographs, filled pixels in red, and results"
    )
    sheet.add_argument("--side", type=_count, default=96, help="side of the part that is shown, in pixels (default 96)")
    sheet.add_argument("--faces", action="store_true", help="show each face, in place of a part of each photograph")
    sheet.set_defaults(command=_sheet)
    return parser


def _add_speed(speed: argparse.ArgumentParser) -> None:
    speed.add_argument("photograph", type=Path, help="photograph that is resized to each size")
    speed.add_argument("--weights", type=Path, help="file of an upscaler x4, for the studio and its peers")
    speed.add_argument("--only", type=_parts, default="all", help="PART,PART,... (default all)")
    speed.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1, 2], help="sizes (default 0.25 1 2)")
    speed.add_argument("--scales", type=float, nargs="+", default=[1, 2, 4], help="enlargements (default 1 2 4)")
    speed.add_argument("--rounds", type=_count, default=5, help="paired runs (default 5)")
    speed.set_defaults(command=_speed)


def _add_api(api: argparse.ArgumentParser) -> None:
    api.add_argument("--programs", type=_count, default=50, help="programs, each with a token (default 50)")
    api.add_argument("--jobs", type=_count, default=200, help="jobs of them together (default 200)")
    api.add_argument("--side", type=_count, default=64, help="side of the pictures in pixels (default 64)")
    api.set_defaults(command=_api)


def _add_archive(archive: argparse.ArgumentParser) -> None:
    archive.add_argument("--photographs", type=_count, default=200_000, help="photographs (default 200000)")
    archive.add_argument("--failures", type=float, default=0.01, help="share of them that fail (default 0.01)")
    archive.set_defaults(command=_archive)


def _add_folder(folder: argparse.ArgumentParser) -> None:
    folder.add_argument("--photographs", type=_count, default=200, help="photographs (default 200)")
    folder.add_argument("--megapixels", type=float, default=2, help="size of each (default 2)")
    folder.add_argument("--scale", type=float, default=2, help="factor (default 2)")
    folder.set_defaults(command=_folder)


def _add_load(load: argparse.ArgumentParser) -> None:
    load.add_argument("--megapixels", type=float, default=24, help="size of the photographs (default 24)")
    load.add_argument("--uploads", type=_count, default=40, help="uploads at once (default 40)")
    load.add_argument("--restorations", type=_count, default=20, help="visitors who restore at once (default 20)")
    load.add_argument("--pages", type=_count, default=100, help="open pages beside those (default 100)")
    load.add_argument("--slow", type=int, default=200, help="connections that send byte by byte (default 200)")
    load.add_argument("--after", type=float, default=60, help="seconds to watch after the load (default 60)")
    load.set_defaults(command=_load)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        msg = f"expected 1 or more, got {count}"
        raise argparse.ArgumentTypeError(msg)
    return count


def _tasks(text: str) -> list[str]:
    from benchmarks.quality.stages import TRIALS

    return _chosen(text, "task", TRIALS)


def _parts(text: str) -> list[str]:
    from benchmarks.speed.parts import PARTS

    return _chosen(text, "part", PARTS)


def _chosen(text: str, kind: str, known: Collection[str]) -> list[str]:
    """Return the names in a list with commas, or all that are known."""
    names = list(known) if text == "all" else text.split(",")
    if unknown := [name for name in names if name not in known]:
        msg = f"unknown {kind} {', '.join(unknown)}; choose from {', '.join(known)}"
        raise argparse.ArgumentTypeError(msg)
    return names


def _peers(args: argparse.Namespace) -> bool:
    from benchmarks.speed.same_weights import compare

    return compare(args.photograph, args.weights, rounds=args.rounds)


def _quality(args: argparse.Namespace) -> bool:
    from benchmarks.quality.stages import tables

    return _printed(tables(args.truth, args.tasks, Engine("cpu"), args.recogniser))


def _speed(args: argparse.Namespace) -> bool:
    from benchmarks.speed.parts import tables
    from benchmarks.speed.races import Request

    request = Request(args.photograph, args.weights, tuple(args.megapixels), tuple(args.scales), args.rounds)
    return _printed(tables(args.only, request))


def _api(args: argparse.Namespace) -> bool:
    from benchmarks.load.programs import Crowd, lines

    return _printed(lines(Crowd(args.programs, args.jobs, args.side)))


def _archive(args: argparse.Namespace) -> bool:
    from benchmarks.load.archive import lines

    return _printed(lines(args.photographs, args.failures))


def _folder(args: argparse.Namespace) -> bool:
    from benchmarks.load.folder import Folder, lines

    return _printed(lines(Folder(args.photographs, args.megapixels, args.scale)))


def _load(args: argparse.Namespace) -> bool:
    from benchmarks.load.scenario import Load, tables

    load = Load(args.megapixels, args.uploads, args.restorations, args.pages, args.slow, args.after)
    return _printed(tables(load))


def _fill(args: argparse.Namespace) -> bool:
    from benchmarks.quality import fill
    from pipeline.methods.detection import DETECTORS
    from pipeline.methods.inpainting import AUTO, CLASSICAL

    engine = Engine("cpu")
    _printed(fill.fillers(args.truth, [*CLASSICAL, AUTO, *args.fillers], engine))
    print()
    return _printed(fill.detectors(args.truth, [*DETECTORS, *args.detectors], engine))


def _colours(args: argparse.Namespace) -> bool:
    from benchmarks.quality import colours
    from benchmarks.quality.sheet import plan
    from pipeline.stages import Colorize

    stages = plan(args.plan).stages
    if [each.name for each in stages] != [Colorize.name]:
        msg = f"Expected a plan of colorize alone, got {args.plan!r}. Change --plan."
        raise OptionError(msg)
    pairs, engine = colours.read(args.folder, three_plates=args.plates), Engine("cpu")
    _printed(colours.tables(pairs, Colorize(**asdict(stages[0]) | {"always": True}), engine, args.color))
    if args.out:
        colours.make_sheet(pairs, Colorize(**asdict(stages[0]) | {"always": True}), engine, args.out)
    return True


def _scans(args: argparse.Namespace) -> bool:
    from benchmarks.quality.scans import table

    return _printed(table(args.folder, args.count, args.seed))


def _sheet(args: argparse.Namespace) -> bool:
    from benchmarks.quality import sheet

    if args.damage:
        sheet.make_of_damage(args.photographs, args.plan, args.out, Engine("cpu"))
    else:
        sheet.make(args.photographs, args.plan, args.out, Engine("cpu"), side=args.side, faces=args.faces)
    return True


if __name__ == "__main__":
    sys.exit(main())
