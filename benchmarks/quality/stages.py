"""Each stage on damage whose truth is known, as Markdown tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from benchmarks.quality import damage, identity, metrics
from benchmarks.quality.damage import Case
from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.errors import PhotoError, StudioError, WeightsMissing
from pipeline.photo import DECODE_LIMIT, Output, encode_photo, read_photo
from pipeline.plan import Plan, arrange, simple
from pipeline.run import run
from pipeline.stage import Stage
from pipeline.stages import Colorize, Deblur, Denoise, Descreen, Faces, PostDenoise, Repair, Sharpen, Tone, Upscale
from pipeline.stages.denoise import CLASSICAL

PALE = 0.86
"""Saturation at which results are 0.60 times as colourful as Kodak24; found by ``benchmarks colours --color 0.6``."""

FILTER = Denoise(model=CLASSICAL)


@dataclass(frozen=True)
class Again:
    """A plan that restores what another one made; the truth is what that one made."""

    first: Plan
    then: Plan


Trial = Stage | Plan | Again

FACES = "face"
"""The task of aligned faces, which has columns of identity too."""

ENLARGE: Mapping[str, Trial] = MappingProxyType(
    {
        "upscale x4": Upscale(scale=4),
        "crisp": Upscale(scale=4, crisp=1),
        "half crisp": Upscale(scale=4, crisp=0.5),
        "faithful": Upscale(scale=4, crisp=0),
    }
)

TRIALS: Mapping[str, Mapping[str, Trial]] = MappingProxyType(
    {
        "upscale4_clean": ENLARGE,
        "upscale4_real": {**ENLARGE, "simple mode": simple(4), "simple mode, again": Again(simple(4), simple(1))},
        "upscale2_clean": {"upscale x2": Upscale(scale=2), "x4 reduced by 2": Upscale(scale=2, model="fast-x4")},
        "upscale2_real": {
            "upscale x2": Upscale(scale=2),
            "x4 reduced by 2": Upscale(scale=2, model="fast-x4"),
            "simple mode": simple(2),
        },
        "upscale1_real": {"upscale x1": Upscale(scale=1), "simple mode": simple(1)},
        "denoise": {"bilateral": FILTER, "fast-denoise": Denoise(), "simple mode": simple(1)},
        "defocus": {"deblur": Deblur(), "simple mode": simple(1)},
        "motion": {"deblur": Deblur(), "simple mode": simple(1)},
        "sharp": {
            "bilateral": FILTER,
            "fast-denoise": Denoise(),
            "deblur": Deblur(),
            "deblur, always": Deblur(always=True),
            "descreen": Descreen(),
            "repair": Repair(),
            "tone": Tone(),
            "colorize": Colorize(),
            "upscale x1": Upscale(scale=1),
            "faces": Faces(),
            "faces, always": Faces(always=True),
            "post-denoise": PostDenoise(),
            "sharpen": Sharpen(),
            "simple mode": simple(1),
            "simple mode, again": Again(simple(1), simple(1)),
        },
        "colorize": {"colorize": Colorize(), f"colorize, saturation {PALE}": Colorize(saturation=PALE)},
        "scratches": {"repair": Repair()},
        "old_photo": {
            "denoise, tone": arrange([Denoise(), Tone(sepia="neutral")]),
            "denoise, repair, deblur, tone": arrange([Denoise(), Repair(), Deblur(), Tone(sepia="neutral")]),
            "the same by the filter": arrange([FILTER, Repair(), Deblur(), Tone(sepia="neutral")]),
        },
        FACES: {
            "upscale x1": Upscale(scale=1),
            "faces": Faces(),
            "faces, whole": Faces(strength=1),
            "faces, again": Again(arrange([Faces()]), arrange([Faces()])),
            "simple mode": simple(1),
            "simple mode, faces": simple(1, also=["faces"]),
        },
    }
)
"""The stages, or plans of several, that are measured on each task."""

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"}
_SMALLEST_SIDE = 64

Scores = list[dict[str, float]]


def tables(folder: Path, tasks: Sequence[str], engine: Engine, recogniser: Path | None = None) -> Iterator[str]:
    """Yield the lines of one table: for each task the damaged input, then each of its trials.

    Parameters
    ----------
    folder : Path
        Undamaged photographs.
    tasks : sequence of str
        Names of `TRIALS`.
    engine : Engine
        Runs the networks.
    recogniser : Path, optional
        Of `identity.measures`, for the task of aligned faces.

    Raises
    ------
    PhotoError
        If the folder holds no photographs.
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If the recogniser is not there, or is none.
    """
    photographs = find_photographs(folder)
    same = identity.measures(engine, recogniser) if FACES in tasks else {}
    names = [*metrics.NAMES, *same]
    yield f"| task | result | {' | '.join(names)} | pictures |\n|---|---|{'---|' * (len(names) + 1)}"
    for task in tasks:
        results: dict[str, Scores | WeightsMissing] = {_input_name(task): [], **{name: [] for name in TRIALS[task]}}
        for path in photographs:
            _judge(task, path, engine, results, same if task == FACES else {})
        for name, scores in results.items():
            yield _row(task, name, scores, names)


def restore(trial: Stage | Plan, case: Case, engine: Engine) -> Image:
    """Return a damaged picture restored as the command line does it, from 8-bit PNG to 8-bit PNG.

    Raises
    ------
    WeightsMissing
        If a stage's model is not on this machine.
    """
    photo = read_photo(_png(case.damaged), max_pixels=DECODE_LIMIT)
    result = run(trial if isinstance(trial, Plan) else Plan((trial,)), photo, engine)
    return read_photo(encode_photo(result.pixels, photo, Output("png")).data, max_pixels=DECODE_LIMIT).pixels


def outcome(trial: Trial | None, case: Case, engine: Engine) -> tuple[Image, Image]:
    """Return what a trial, or none, makes of a damaged picture, and the picture to compare that with.

    Raises
    ------
    WeightsMissing
        If a stage's model is not on this machine.
    """
    if trial is None:
        return _enlarged(case), case.truth
    if isinstance(trial, Again):
        made = restore(trial.first, case, engine)
        return restore(trial.then, Case(made, made), engine), made
    return restore(trial, case, engine), case.truth


def _judge(
    task: str,
    path: Path,
    engine: Engine,
    results: dict[str, Scores | WeightsMissing],
    same: Mapping[str, identity.Measure],
) -> None:
    """Add the scores of one photograph; `same` measures besides."""
    photograph = read_truth(path)
    if photograph is None or (task == "colorize" and not damage.has_colour(photograph)):
        return
    case = damage.make(task, path.stem, photograph)
    for name, scores in results.items():
        if isinstance(scores, WeightsMissing):
            continue
        try:
            result, truth = outcome(TRIALS[task].get(name), case, engine)
            scores.append(metrics.score(result, truth) | {key: of(result, truth) for key, of in same.items()})
        except WeightsMissing as error:
            results[name] = error


def find_photographs(folder: Path) -> list[Path]:
    """Return the photographs of a folder and its folders, sorted."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not found:
        kinds = ", ".join(sorted(_SUFFIXES))
        msg = f"Expected a folder of photographs ({kinds}), found none in {folder}. Choose another folder."
        raise PhotoError(msg)
    return found


def read_truth(path: Path) -> Image | None:
    """Return a photograph, decoded by OpenCV as the protocol requires, or None if it is too small or unreadable."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < _SMALLEST_SIDE:
        return None
    return picture[..., ::-1].astype(np.float32) / 255


def _png(image: Image) -> bytes:
    _, data = cv2.imencode(".png", np.rint(image[..., ::-1] * 255).astype(np.uint8))
    return data.tobytes()


def _input_name(task: str) -> str:
    return "bicubic" if task.startswith(("upscale2", "upscale4")) else "input"


def _enlarged(case: Case) -> Image:
    """Return the damaged picture, enlarged if it is smaller than the truth."""
    if case.damaged.shape == case.truth.shape:
        return case.damaged
    return np.clip(cv2.resize(case.damaged, case.truth.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _row(task: str, name: str, scores: Scores | StudioError, names: Sequence[str]) -> str:
    if isinstance(scores, StudioError):
        reason, *_ = str(scores).split(". ")  # the rest is advice, too long for a table
        return f"| {task} | {name} | not measured: {reason} |"
    means = {key: f"{np.mean([score[key] for score in scores]):.3f}" for key in (scores[0] if scores else ())}
    if task == "old_photo":
        means["color"] = "-"  # a grey truth has no colour to compare with
    return f"| {task} | {name} | {' | '.join(means.get(key, '-') for key in names)} | {len(scores)} |"
