"""Train networks for the studio."""

import argparse
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.errors import StudioError
from training import export, pack, train
from training.damage import degrade, recipes
from training.data import SUFFIXES, decode
from training.settings import LOSSES, Schedule, Settings
from training.tasks import blur, find, identify, task
from training.tasks.colorize import COLORIZE
from training.tasks.descreen import DESCREEN
from training.tasks.faces import FACES
from training.tasks.repair import REPAIR
from training.tasks.task import Task


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 if it failed. argparse exits with 2 on wrong use."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except StudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    upscale = commands.add_parser("upscale", help="train an upscaler or, with --scale 1, a restorer of detail")
    upscale.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=4, help="enlargement (default 4)")
    _add_training(upscale, lambda options: task.upscale(options.scale))
    _add_training(commands.add_parser("deblur", help="train a deblurrer"), lambda _: task.DEBLUR)
    _add_training(commands.add_parser("denoise", help="train a denoiser"), lambda _: task.DENOISE)
    _add_training(commands.add_parser("descreen", help="train a remover of printed dots"), lambda _: DESCREEN)
    faces = commands.add_parser("faces", help="train a restorer of aligned faces")
    _add_training(faces, lambda _: FACES)
    faces.set_defaults(patch=256)
    colorize = commands.add_parser("colorize", help="train a colorizer")
    _add_training(colorize, lambda _: COLORIZE)
    colorize.set_defaults(losses=(("classes", 1.0),), patch=128)
    repair = commands.add_parser("repair", help="train a detector of scratches and other damage")
    _add_training(repair, lambda _: REPAIR)
    repair.set_defaults(losses=(("bce", 1.0), ("dice", 1.0)), patch=256, batch=8, learning_rate=0.003)
    _add_training(commands.add_parser("fill", help="train a filler of marked damage"), _fill)
    _add_blur(commands.add_parser("blur", help="train the estimator of blur for the deblurrer"))
    _add_find(commands.add_parser("find", help="train the finder of faces"))
    _add_identify(commands.add_parser("identify", help="train the embedding that faces are compared by"))
    _add_export(commands.add_parser("export", help="write a trained network for the studio"))
    _add_calibrate(commands.add_parser("calibrate", help="prepare an exported upscaler to compute in 8 bits"))
    _add_pack(commands.add_parser("pack", help="gather small inputs of a training run for another machine"))
    _add_degrade(commands.add_parser("degrade", help="damage photographs"))
    return parser


def _fill(_: argparse.Namespace) -> Task:
    from training.tasks.fill import FILL  # needs OpenVINO

    return FILL


def _add_training(parser: argparse.ArgumentParser, made: Callable[[argparse.Namespace], Task]) -> None:
    """Add the options of every training command; their names are the fields of Settings."""
    parser.set_defaults(command=_train, task=made)
    parser.add_argument("--features", type=int, default=0, help="channels of the network's finest level")
    _add_schedule(parser, Settings)
    parser.add_argument("--data", type=Path, nargs="+", action=_Tuple, required=True, help="folders or tar files")
    tiers, origins = "use only photographs of these tiers", "keep all photographs of these origins for validation"
    parser.add_argument("--tiers", type=_names, default=frozenset(), metavar="TIER,...", help=tiers)
    parser.add_argument("--origins", type=_names, default=frozenset(), metavar="ORIGIN,...", help=origins)
    table = "CSV files with the columns file, tier and origin"
    parser.add_argument("--manifest", type=Path, nargs="+", action=_Tuple, default=(), help=table)
    parser.add_argument(
        "--losses", type=_losses, default=(("l1", 1.0),), help=f"such as l1=1,ssim=0.2; names: {', '.join(LOSSES)}"
    )
    parser.add_argument("--teacher", type=Path, help="file of a larger upscaler to distil from (upscale only)")
    parser.add_argument("--vgg16", type=Path, help="file of VGG16's weights, for the perceptual loss")
    parser.add_argument("--recogniser", type=Path, help="ONNX file of a network that recognises people (faces only)")
    parser.add_argument("--shapes", type=Path, help="tar file of real damage (repair only; without it all is drawn)")


def _add_schedule(parser: argparse.ArgumentParser, kind: type[Schedule]) -> None:
    """Add the options that all runs have, and the numbers among the fields of a kind of settings."""
    default = {field.name: field.default for field in fields(kind) if field.name in NUMBERS}
    parser.set_defaults(**default)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--from", dest="start", type=Path, help="file with the weights to start from")
    parser.add_argument("--resume", action="store_true", help="resume from the last checkpoint")
    for name, value in default.items():
        text = f"{NUMBERS[name]} (default %(default)s)"
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), help=text)


def _settings(options: argparse.Namespace, kind: type[Any]) -> Any:
    return kind(**{field.name: getattr(options, field.name) for field in fields(kind)})


NUMBERS = {
    "steps": "stop after this many steps",
    "minutes": "stop after this many minutes",
    "batch": "pictures in one step",
    "patch": "side of the clean patch in pixels",
    "pool": "draw from this many patches made once (needed with --teacher)",
    "rebalance": "0 weights all colours alike, 0.5 rare ones much more (colorize only)",
    "learning_rate": "highest learning rate",
    "average": "decay of the average of weights",
    "validate_every": "steps between validations, each of which writes a checkpoint",
    "held_out": "photographs kept for validation",
    "workers": "processes that make pictures",
    "threads": "threads of torch; 0 is its own choice",
    "seed": "seed of first weights, pictures and damage",
}


class _Tuple(argparse.Action):
    """Store several values as a tuple."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _option: str | None = None) -> None:
        setattr(namespace, self.dest, tuple(values))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


def _losses(text: str) -> tuple[tuple[str, float], ...]:
    """Return names and weights of text such as ``l1=1,gradient=0.5``; the default weight is 1."""
    terms = [term.partition("=") for term in text.split(",")]
    if unknown := [name for name, _, _ in terms if name not in LOSSES]:
        msg = f"unknown loss {unknown[0]!r}; choose from {', '.join(LOSSES)}"
        raise argparse.ArgumentTypeError(msg)
    return tuple((name, float(weight or 1)) for name, _, weight in terms)


def _train(options: argparse.Namespace) -> None:
    chosen = options.task(options)
    if options.features:
        chosen = replace(chosen, features=options.features)
    print(f"wrote {train.train(chosen, _settings(options, Settings))}")


def _add_blur(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder or tar of sharp photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--spectra", type=int, default=12_000, help="how many to make, about 60 a second")
    parser.add_argument("--epochs", type=int, default=12, help="how often each is used")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, squares and blur")
    parser.add_argument("--resume", action="store_true", help="resume from the last checkpoint")
    parser.set_defaults(command=_blur)


def _blur(options: argparse.Namespace) -> None:
    chosen = {name: getattr(options, name) for name in ("spectra", "epochs", "seed", "resume")}
    print(f"wrote {blur.train(options.data, options.out, **chosen)}")


def _add_find(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="tar files of photographs")
    parser.add_argument("--labels", type=Path, nargs="+", required=True, help="CSV files of the faces in them")
    _add_faces(parser, _find)


def _find(options: argparse.Namespace) -> None:
    print(f"wrote {find.train(options.data, options.labels, _settings(options, Schedule))}")


def _add_identify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="tar file of aligned faces")
    parser.add_argument("--teacher", type=Path, required=True, help="MobileFaceNet's ONNX file")
    _add_faces(parser, _identify)


def _identify(options: argparse.Namespace) -> None:
    print(f"wrote {identify.train(options.data, options.teacher, _settings(options, Schedule))}")


def _add_faces(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], None]) -> None:
    """Add the options of a run, with the defaults of the finder and the embedding of faces."""
    _add_schedule(parser, Schedule)
    parser.set_defaults(command=command, batch=64, learning_rate=0.003, average=0.998, workers=3)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, help="the last.pt or average.safetensors of a run")
    parser.add_argument("--out", type=Path, required=True, help="path of the files without suffix")
    parser.add_argument("--mean-with", type=Path, help="safetensors file whose weights are averaged with these")
    parser.add_argument("--share", type=float, default=0.5, help="weight of the checkpoint in the mean (default 0.5)")
    parser.add_argument("--temperature", type=float, help="temperature of a colorizer's annealed mean (default 0.38)")
    parser.add_argument("--gain", type=float, help="factor of a colorizer's chroma (default 1)")
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> None:
    chosen = {name: getattr(options, name) for name in ("mean_with", "share", "temperature", "gain")}
    for path in export.export(options.checkpoint, options.out, **chosen):
        print(f"wrote {path}")


def _add_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graph", type=Path, help="the .xml that export wrote")
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), required=True, help="enlargement of the network")
    parser.add_argument("--data", type=Path, required=True, help="folder or tar of photographs")
    parser.add_argument("--patches", type=int, default=64, help="how many to measure")
    parser.add_argument("--patch", type=int, default=288, help="side of the clean patch in pixels")
    parser.set_defaults(command=_calibrate)


def _calibrate(options: argparse.Namespace) -> None:
    from training import calibrate  # needs OpenVINO

    damage = task.upscale(options.scale).damage
    calibrate.calibrate(options.graph, options.data, damage, patch=options.patch, patches=options.patches)
    print(f"wrote {options.graph}")


def _add_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files of photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--teacher", type=Path, help="file of the upscaler to distil from")
    parser.add_argument("--vgg16", type=Path, help="file of VGG16's weights, torchvision's or stlpips-pytorch's")
    parser.add_argument("--megabytes", type=float, default=60, help="most for all files together (default 60)")
    parser.add_argument("--patch", type=int, default=256, help="side of the patches to train on (default 256)")
    parser.add_argument("--bits", type=int, choices=(16, 8), default=16, help="bits of a weight (default 16)")
    parser.set_defaults(command=_pack)


def _pack(options: argparse.Namespace) -> None:
    chosen = {name: getattr(options, name) for name in ("megabytes", "patch", "teacher", "vgg16", "bits")}
    print(f"wrote {options.out} with {pack.pack(options.data, options.out, **chosen)} photographs")


def _add_degrade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photographs", type=Path, nargs="+", metavar="IN", help="files or folders")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for PNG files")
    parser.add_argument("--recipe", choices=recipes.RECIPES, default="old_photo", help="kind of damage")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same damage")
    parser.set_defaults(command=_degrade)


def _degrade(options: argparse.Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    recipe = recipes.RECIPES[options.recipe]
    for path in _pictures(options.photographs):
        # Seeded by the name too, so that a picture's damage does not depend on the others.
        rng = np.random.default_rng((options.seed, zlib.crc32(path.name.encode())))
        image = np.divide(decode(path.read_bytes()), 255, dtype=np.float32)
        damaged = recipe(image, rng)
        target = options.out / f"{path.stem}.png"
        Image.fromarray(degrade.to_bytes(damaged)).save(target)
        print(f"wrote {target}")


def _pictures(paths: list[Path]) -> Iterator[Path]:
    """Yield files, and the pictures in folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        else:
            yield path


if __name__ == "__main__":
    sys.exit(main())
