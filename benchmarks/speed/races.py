"""The studio beside its peers on one photograph, in turns: one upscaler's weights, each stage, the whole chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

import cv2
import numpy as np

from benchmarks.quality.metrics import psnr
from benchmarks.speed import ceiling, rivals, timing
from benchmarks.speed.rivals import Filter
from benchmarks.speed.same_weights import Bytes, eight_bits
from models import own
from models.catalog import ModelSpec
from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.photo import DECODE_LIMIT, Photo, read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stage import Stage
from pipeline.stages import Deblur, Denoise, PostDenoise, Sharpen, Upscale
from pipeline.stages.denoise import CLASSICAL

_GRAIN = 5 / 255
_PROPORTION = 4 / 3


@dataclass(frozen=True)
class Asked:
    """What is to be measured."""

    photograph: Path
    weights: Path | None
    """An SRVGGNetCompact or RRDBNet that enlarges by 4, for the comparison on the same weights."""

    megapixels: tuple[float, ...]
    scales: tuple[float, ...]
    rounds: int

    def picture(self, megapixels: float) -> Bytes:
        """Return the photograph at a size, with grain, so that no stage finds it clean; 8-bit RGB."""
        pixels = read_photo(self.photograph, max_pixels=DECODE_LIMIT).pixels
        width = round((megapixels * 1e6 * _PROPORTION) ** 0.5)
        height = round(megapixels * 1e6 / width)
        resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = np.random.default_rng(0).normal(0, _GRAIN, resized.shape)
        return eight_bits(np.clip(resized + grain, 0, 1).astype(np.float32))


def most(asked: Asked) -> Iterator[str]:
    """Yield the table of what this machine reaches."""
    yield "| work | numbers | GFLOP/s |"
    yield "|---|---|---|"
    for kind in ceiling.KINDS:
        for number in ceiling.NUMBERS:
            speed = ceiling.reached(kind, number, asked.rounds)
            told = "the processor does not compute it" if speed is None else f"{speed / 1e9:.0f}"
            yield f"| {kind} | {number} | {told} |"


def upscaler(asked: Asked) -> Iterator[str]:
    """Yield the table of one upscaler's weights in everybody's hands."""
    if asked.weights is None:
        yield "Not measured: give the upscaler's file by --weights."
        return
    contenders, absent = _upscalers(asked.weights)
    work = ceiling.per_pixel(own.from_file(asked.weights)) * 1e6
    most_of = _ceilings(asked.rounds)
    yield "| megapixels | upscaler | median s | s a megapixel | times as fast | dB from float32 | share of ceiling |"
    yield "|---|---|---|---|---|---|---|"
    for megapixels in asked.megapixels:
        picture = asked.picture(megapixels)
        results, seconds = _raced(contenders, picture, asked.rounds)
        slowest = next(iter(contenders))
        for name, taken in seconds.items():
            apart = _decibels(results[name], results["studio float32"])
            share = work * megapixels / median(taken) / most_of["bfloat16" if name.endswith("bfloat16") else "float32"]
            yield _row(megapixels, name, taken, timing.ratio(seconds, slowest, name), apart, f"{share:.0%}")
        yield from (_absent(megapixels, name, reason) for name, reason in absent.items())


def stages(asked: Asked) -> Iterator[str]:
    """Yield the table of each stage alone, beside what OpenCV or eager torch has for it."""
    engine = Engine("cpu")
    most_of = _ceilings(asked.rounds)
    yield "| megapixels | stage | median s | s a megapixel | times as fast as the rival | rival | share of ceiling |"
    yield "|---|---|---|---|---|---|---|"
    for megapixels in asked.megapixels:
        picture = asked.picture(megapixels)
        for name, (stage, rival, filter_) in _stages(asked.scales).items():
            pair: dict[str, Filter] = {rival: filter_} if filter_ else {}
            pair[name] = partial(_alone, stage, engine)
            _, seconds = _raced(pair, picture, asked.rounds)
            ratio = timing.ratio(seconds, rival, name) if filter_ else None
            share = ""
            if spec := _network(stage):
                speed = ceiling.per_pixel(spec) * megapixels * 1e6 / median(seconds[name])
                share = f"{speed / most_of[engine.network(spec).precision]:.0%}"
            yield _row(megapixels, name, seconds[name], ratio, rival, share)


def chain(asked: Asked) -> Iterator[str]:
    """Yield the table of the whole default chain beside the same steps of other packages, and how its cost grows."""
    engine = Engine("cpu")
    upscale, told = _rival_upscaler(asked.weights)
    costs: dict[float, list[float]] = {scale: [] for scale in asked.scales}
    yield f"The rival: OpenCV's non-local means, DeblurGAN-v2 and {told}, OpenCV's Gaussian and unsharp mask."
    yield ""
    yield "| megapixels | chain | median s | s a megapixel | times as fast as the rival | rival s | |"
    yield "|---|---|---|---|---|---|---|"
    for scale in asked.scales:
        for megapixels in asked.megapixels:
            picture, name = asked.picture(megapixels), f"studio x{scale:g}"
            pair: dict[str, Filter] = {"rival": rivals.rival_chain(upscale, scale)} if upscale else {}
            pair[name] = partial(_whole, as_photo(picture), restored(scale), engine)
            _, seconds = _raced(pair, picture, asked.rounds)
            costs[scale].append(median(seconds[name]))
            ratio = timing.ratio(seconds, "rival", name) if upscale else None
            theirs = f"{median(seconds['rival']):.2f}" if upscale else "not measured"
            yield _row(megapixels, name, seconds[name], ratio, theirs, "")
    yield ""
    for scale, seconds_each in costs.items():
        yield growth(f"studio x{scale:g}", asked.megapixels, seconds_each)


def growth(name: str, megapixels: Sequence[float], seconds: Sequence[float]) -> str:
    """Return a sentence on how a cost grows with the pixels: the line through it, and how far it strays."""
    if len(megapixels) < 3:
        return f"{name}: three sizes or more show how the cost grows."
    slope, start = np.polyfit(megapixels, seconds, 1)
    strays = max(abs(slope * m + start - s) / s for m, s in zip(megapixels, seconds, strict=True))
    return f"{name}: {slope:.2f} s a megapixel and {start:.2f} s besides; no size strays by more than {strays:.0%}."


def restored(scale: float) -> Plan:
    """Return the plan of simple mode with a deblurrer that never leaves itself out."""
    plan = simple(scale)
    return Plan(tuple(Deblur(always=True) if stage.name == Deblur.name else stage for stage in plan.stages))


def _ceilings(rounds: int) -> dict[str, float]:
    """Return the operations a second of convolutions in all that this processor computes in."""
    reached = {number: ceiling.reached("convolution", number, rounds) for number in ceiling.NUMBERS}
    return {number: speed for number, speed in reached.items() if speed}


def _upscalers(path: Path) -> tuple[dict[str, Filter], dict[str, str]]:
    """Return who can enlarge by a file's weights, the slowest first, and why others cannot."""
    contenders: dict[str, Filter] = {}
    absent = {name: rivals.missing(name) for name in ("realesrgan", "onnxruntime", "onnxscript")}
    if not absent["realesrgan"]:
        from benchmarks.speed import peers

        name, contenders[name] = (made := peers.real_esrganer(path))[0], made[1]
    contenders["eager torch"] = rivals.eager(path)
    if not (absent["onnxruntime"] or absent["onnxscript"]):
        contenders["ONNX Runtime"] = rivals.onnx_runtime(path)
    stage = Upscale(scale=4, model=str(path))
    precisions: tuple[Literal["float32", "auto"], ...] = ("float32", "auto")
    for precision in precisions:
        engine = Engine("cpu", precision)
        name = f"studio {engine.network(own.from_file(path)).precision}"
        contenders.setdefault(name, partial(_alone, stage, engine))
    return contenders, {name: reason for name, reason in absent.items() if reason}


def _rival_upscaler(path: Path | None) -> tuple[Filter | None, str]:
    """Return the rival's upscaler and its name, or None where there is no file of weights."""
    if path is None:
        return None, "an upscaler that needs --weights"
    if rivals.missing("realesrgan"):
        return rivals.eager(path), f"{path.stem} in eager torch, both eager (realesrgan is not installed)"
    from benchmarks.speed import peers

    name, enlarge = peers.real_esrganer(path)
    return enlarge, f"{path.stem} in {name}, both in eager torch"


def _stages(scales: Sequence[float]) -> Mapping[str, tuple[Stage, str, Filter | None]]:
    """Return each stage by name, with its rival's name and the rival."""
    means = "OpenCV's non-local means"
    return {
        "denoise": (Denoise(), means, rivals.non_local_means),
        "denoise, bilateral": (Denoise(model=CLASSICAL), means, rivals.non_local_means),
        "deblur": (Deblur(always=True), "DeblurGAN-v2 MobileNet, eager torch", rivals.eager_deblurrer()),
        **{f"upscale x{scale:g}": (Upscale(scale=scale), "see upscaler", None) for scale in scales},
        "post-denoise": (PostDenoise(), "OpenCV's Gaussian, 8 bits", rivals.gaussian),
        "sharpen": (Sharpen(), "OpenCV's unsharp mask, 8 bits", rivals.unsharp),
    }


def _raced(contenders: Mapping[str, Filter], picture: Bytes, rounds: int) -> tuple[dict[str, Bytes], timing.Seconds]:
    """Return what everybody makes of a picture, and the seconds of the runs after that, in turns."""
    results = {name: contender(picture) for name, contender in contenders.items()}
    return results, timing.take_turns({name: partial(run_, picture) for name, run_ in contenders.items()}, rounds)


def _alone(stage: Stage, engine: Engine, picture: Bytes) -> Bytes:
    return eight_bits(stage.run(_unit(picture), Context(engine)))


def _whole(photo: Photo, plan: Plan, engine: Engine, _picture: Bytes) -> Bytes:
    return eight_bits(run(plan, photo, engine).pixels)


def as_photo(picture: Bytes) -> Photo:
    """Return an 8-bit picture as a photograph, of any size."""
    _, data = cv2.imencode(".png", picture[..., ::-1])
    return read_photo(data.tobytes(), max_pixels=DECODE_LIMIT)


def _network(stage: Stage) -> ModelSpec | None:
    """Return a stage's bundled network, if it uses one."""
    spec = stage.network()
    return spec if spec is not None and spec.bundled else None


def _decibels(picture: Bytes, reference: Bytes) -> str:
    """Return how close two pictures of 8 bits are; those that are equal are called so."""
    if np.array_equal(picture, reference):
        return "equal"
    return f"{psnr(_unit(picture), _unit(reference)):.1f}"


def _unit(picture: Bytes) -> Image:
    return picture.astype(np.float32) / np.float32(255)


def _row(megapixels: float, name: str, taken: list[float], ratio: float | None, *rest: str) -> str:
    times = "" if ratio is None else f"{ratio:.2f}"
    cells = [f"{megapixels:g}", name, f"{median(taken):.3f}", f"{median(taken) / megapixels:.3f}", times, *rest]
    return f"| {' | '.join(cells)} |"


def _absent(megapixels: float, name: str, reason: str) -> str:
    return f"| {megapixels:g} | {name} | not measured: {reason} | | | | |"
