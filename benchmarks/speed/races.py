"""The studio beside its peers on one photograph, in turns: one upscaler, each stage, the whole chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

import cv2
import numpy as np

from benchmarks.pixels import eight_bits, unit
from benchmarks.speed import ceiling, rivals, timing
from benchmarks.speed.rivals import Filter
from models import own
from models.catalog import ModelSpec
from models.runtime.engine import Engine
from pipeline.arrays import Image8
from pipeline.context import Context
from pipeline.methods.measures import psnr
from pipeline.photo import DECODE_LIMIT, Photo, read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stage import Stage
from pipeline.stages import Deblur, Denoise, PostDenoise, Sharpen, Upscale
from pipeline.stages.denoise import CLASSICAL

_GRAIN = 5 / 255
_PROPORTION = 4 / 3


@dataclass(frozen=True)
class Request:
    """What to measure."""

    photograph: Path
    """The photograph, which is resized to each size."""

    weights: Path | None
    """File of an SRVGGNetCompact or RRDBNet that enlarges by 4, for the studio and its peers."""

    megapixels: tuple[float, ...]
    scales: tuple[float, ...]
    rounds: int

    def picture(self, megapixels: float) -> Image8:
        """Return the photograph at a size, with grain, so that no stage skips it as clean."""
        pixels = read_photo(self.photograph, max_pixels=DECODE_LIMIT).pixels
        width = round((megapixels * 1e6 * _PROPORTION) ** 0.5)
        height = round(megapixels * 1e6 / width)
        resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = np.random.default_rng(0).normal(0, _GRAIN, resized.shape)
        return eight_bits(np.clip(resized + grain, 0, 1).astype(np.float32))


def ceilings(request: Request) -> Iterator[str]:
    """Yield the table of the operations a second that this machine reaches."""
    yield "| work | numbers | GFLOP/s |"
    yield "|---|---|---|"
    for kind in ceiling.KINDS:
        for number in ceiling.NUMBERS:
            speed = ceiling.reached(kind, number, request.rounds)
            shown = "not supported by the processor" if speed is None else f"{speed / 1e9:.0f}"
            yield f"| {kind} | {number} | {shown} |"


def upscaler(request: Request) -> Iterator[str]:
    """Yield the table of one upscaler's weights in each runtime."""
    if request.weights is None:
        yield "Not measured: it needs the upscaler's file. Give --weights."
        return
    contenders, absent = _upscalers(request.weights)
    work = ceiling.per_pixel(own.from_file(request.weights)) * 1e6
    limits = _ceilings(request.rounds)
    yield "| megapixels | upscaler | median s | s a megapixel | times as fast | dB from float32 | share of ceiling |"
    yield "|---|---|---|---|---|---|---|"
    for megapixels in request.megapixels:
        picture = request.picture(megapixels)
        results, seconds = _raced(contenders, picture, request.rounds)
        slowest = next(iter(contenders))
        for name, taken in seconds.items():
            apart = _decibels(results[name], results["studio float32"])
            share = work * megapixels / median(taken) / limits["bfloat16" if name.endswith("bfloat16") else "float32"]
            yield _row(megapixels, name, taken, timing.ratio(seconds, slowest, name), apart, f"{share:.0%}")
        yield from (_absent(megapixels, name, reason) for name, reason in absent.items())


def stages(request: Request) -> Iterator[str]:
    """Yield the table of each stage alone, beside its rival in OpenCV or eager torch."""
    engine = Engine("cpu")
    limits = _ceilings(request.rounds)
    yield "| megapixels | stage | median s | s a megapixel | times as fast as the rival | rival | share of ceiling |"
    yield "|---|---|---|---|---|---|---|"
    for megapixels in request.megapixels:
        picture = request.picture(megapixels)
        for name, (stage, rival, filter_) in _stages(request.scales).items():
            pair: dict[str, Filter] = {rival: filter_} if filter_ else {}
            pair[name] = partial(_alone, stage, engine)
            _, seconds = _raced(pair, picture, request.rounds)
            ratio = timing.ratio(seconds, rival, name) if filter_ else None
            share = ""
            if spec := _network(stage):
                speed = ceiling.per_pixel(spec) * megapixels * 1e6 / median(seconds[name])
                share = f"{speed / limits[engine.network(spec).precision]:.0%}"
            yield _row(megapixels, name, seconds[name], ratio, rival, share)


def chain(request: Request) -> Iterator[str]:
    """Yield the table of the default chain beside the same steps of other packages, and its cost by size."""
    engine = Engine("cpu")
    upscale, description = _rival_upscaler(request.weights)
    costs: dict[float, list[float]] = {scale: [] for scale in request.scales}
    yield f"The rival: OpenCV's non-local means, DeblurGAN-v2 and {description}, OpenCV's Gaussian and unsharp mask."
    yield ""
    yield "| megapixels | chain | median s | s a megapixel | times as fast as the rival | rival s | |"
    yield "|---|---|---|---|---|---|---|"
    for scale in request.scales:
        for megapixels in request.megapixels:
            picture, name = request.picture(megapixels), f"studio x{scale:g}"
            pair: dict[str, Filter] = {"rival": rivals.rival_chain(upscale, scale)} if upscale else {}
            pair[name] = partial(_whole, as_photo(picture), restored(scale), engine)
            _, seconds = _raced(pair, picture, request.rounds)
            costs[scale].append(median(seconds[name]))
            ratio = timing.ratio(seconds, "rival", name) if upscale else None
            theirs = f"{median(seconds['rival']):.2f}" if upscale else "not measured"
            yield _row(megapixels, name, seconds[name], ratio, theirs, "")
    yield ""
    for scale, seconds_each in costs.items():
        yield growth(f"studio x{scale:g}", request.megapixels, seconds_each)


def growth(name: str, megapixels: Sequence[float], seconds: Sequence[float]) -> str:
    """Return the line fitted to costs by size, and the largest deviation from it, as a sentence."""
    if len(megapixels) < 3:
        return f"{name}: a line needs three sizes or more."
    slope, start = np.polyfit(megapixels, seconds, 1)
    deviation = max(abs(slope * m + start - s) / s for m, s in zip(megapixels, seconds, strict=True))
    return f"{name}: {slope:.2f} s a megapixel plus {start:.2f} s; no size deviates by more than {deviation:.0%}."


def restored(scale: float) -> Plan:
    """Return the plan of simple mode with Deblur always on."""
    plan = simple(scale)
    return Plan(tuple(Deblur(always=True) if stage.name == Deblur.name else stage for stage in plan.stages))


def _ceilings(rounds: int) -> dict[str, float]:
    """Return the operations a second of convolutions in each number format of this processor."""
    reached = {number: ceiling.reached("convolution", number, rounds) for number in ceiling.NUMBERS}
    return {number: speed for number, speed in reached.items() if speed}


def _upscalers(path: Path) -> tuple[dict[str, Filter], dict[str, str]]:
    """Return the upscalers that can run a file's weights, the slowest first, and why others cannot."""
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
    """Return the rival's upscaler, or None without a file of weights, and its description."""
    if path is None:
        return None, "an upscaler that needs --weights"
    if rivals.missing("realesrgan"):
        return rivals.eager(path), f"{path.stem}, both in eager torch (realesrgan is not installed)"
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


def _raced(contenders: Mapping[str, Filter], picture: Image8, rounds: int) -> tuple[dict[str, Image8], timing.Seconds]:
    """Return every contender's result for a picture, and the seconds of further runs in turns."""
    results = {name: contender(picture) for name, contender in contenders.items()}
    return results, timing.take_turns({name: partial(run_, picture) for name, run_ in contenders.items()}, rounds)


def _alone(stage: Stage, engine: Engine, picture: Image8) -> Image8:
    return eight_bits(stage.run(unit(picture), Context(engine)))


def _whole(photo: Photo, plan: Plan, engine: Engine, _picture: Image8) -> Image8:
    return eight_bits(run(plan, photo, engine).pixels)


def as_photo(picture: Image8) -> Photo:
    """Return an 8-bit picture as a photograph."""
    _, data = cv2.imencode(".png", picture[..., ::-1])
    return read_photo(data.tobytes(), max_pixels=DECODE_LIMIT)


def _network(stage: Stage) -> ModelSpec | None:
    """Return a stage's bundled network, if it uses one."""
    spec = stage.network()
    return spec if spec is not None and spec.bundled else None


def _decibels(picture: Image8, reference: Image8) -> str:
    """Return the PSNR of two pictures of 8 bits, or ``equal``."""
    if np.array_equal(picture, reference):
        return "equal"
    return f"{psnr(unit(picture), unit(reference)):.1f}"


def _row(megapixels: float, name: str, taken: list[float], ratio: float | None, *rest: str) -> str:
    times = "" if ratio is None else f"{ratio:.2f}"
    cells = [f"{megapixels:g}", name, f"{median(taken):.3f}", f"{median(taken) / megapixels:.3f}", times, *rest]
    return f"| {' | '.join(cells)} |"


def _absent(megapixels: float, name: str, reason: str) -> str:
    return f"| {megapixels:g} | {name} | not measured: {reason} | | | | |"
