"""Put a picture through a network: padding, tiles, and what happens when a tile fails.

A tile that runs out of memory or comes out with values that are not numbers is tried again in quarters, then in
float32, then on the CPU; each retry is a notice. If all fail, the stage fails: never a silent hole in a picture.
"""

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from models.catalog import ModelSpec
from models.runtime.network import Network
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.errors import InferenceFailed, OptionError
from pipeline.methods.filters import luma
from pipeline.methods.tiles import run_tiled, spans

_SMALLEST_TILE = 64
_STRIP_ROWS = 256


def infer(spec: ModelSpec, image: Image, context: Context, *, mix: float = 1.0) -> Image:
    """Return what a picture-to-picture network makes of a picture.

    Parameters
    ----------
    spec : ModelSpec
        The network; its `tile`, `context` and `tiling` decide how the picture is split.
    image : ndarray of float32, shape (H, W, spec.channels)
        RGB in [0, 1], or several such pictures one behind the other.
    context : Context
        Engine, progress and cancellation.
    mix : float
        Passed to `Engine.network`.

    Returns
    -------
    ndarray of float32, shape (H * spec.scale, W * spec.scale, 3)
        RGB in [0, 1]. A picture whose channels are equal (black and white) comes back so.

    Raises
    ------
    OptionError
        If the network is given another number of pictures than it takes.
    InferenceFailed
        If a tile fails in every way there is.
    Cancelled
        If the work was cancelled.
    """
    if image.shape[2] != spec.channels:
        msg = (
            f"Expected a model that takes {image.shape[2] // 3} picture(s), got {spec.title}, which takes "
            f"{spec.channels // 3}: a deblurrer of this studio takes two, and works in the deblur stage alone."
        )
        raise OptionError(msg)
    context.advance(0.0)
    network = context.engine.network(spec, mix=mix, cancelled=context.cancelled)
    height, width = image.shape[:2]
    padded = _pad(image, spec)
    tile = _tile(padded, spec)
    run = partial(_run_tile, spec=spec, network=network, context=context, mix=mix)
    output = padded
    for done, count, blended in _tiled(run, padded, spec, tile):
        output = blended
        context.advance(done / count)
    output = output[: height * spec.scale, : width * spec.scale]
    np.clip(output, 0.0, 1.0, out=output)
    if is_neutral(image):
        _make_neutral(output)
    return output


def restorer(spec: ModelSpec) -> ModelSpec:
    """Return a model that makes a better picture of a picture.

    Raises
    ------
    OptionError
        If it answers with something else, such as where damage is.
    """
    if spec.task in ("colorize", "estimate", "detect", "fill"):
        msg = (
            f"Expected a model that restores pictures, got {spec.title}, which is there to {spec.task}: choose another."
        )
        raise OptionError(msg)
    return spec


def same_size(spec: ModelSpec) -> ModelSpec:
    """Return a restorer that keeps the size of pictures.

    Raises
    ------
    OptionError
        If it is none, or enlarges them.
    """
    restorer(spec)
    if spec.scale != 1:
        msg = f"Expected a model that keeps the size, got {spec.title}, which enlarges by {spec.scale}: choose another."
        raise OptionError(msg)
    return spec


def is_neutral(image: Image) -> bool:
    """Say whether all pixels are exactly grey."""
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _make_neutral(image: Image) -> None:
    """Put the luma into all three channels, strip by strip: networks tint black-and-white pictures slightly."""
    for top in range(0, image.shape[0], _STRIP_ROWS):
        strip = image[top : top + _STRIP_ROWS]
        strip[:] = luma(strip)[..., None]


def _pad(image: Image, spec: ModelSpec) -> Image:
    """Extend right and bottom by reflection to the network's multiple and minimum."""
    height, width = image.shape[:2]
    right, bottom = (_fit(side, spec) - side for side in (width, height))
    if not right and not bottom:
        return image
    reflect = min(height, width) > max(right, bottom)
    border = cv2.BORDER_REFLECT_101 if reflect else cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, border), np.float32)


def _tile(image: Image, spec: ModelSpec) -> int:
    """Return the side of tiles; a picture of no more pixels than a tile has goes through whole, whatever its shape."""
    height, width = image.shape[:2]
    return max(height, width) if spec.tiling == "never" or height * width <= spec.tile**2 else spec.tile


def _fit(side: int, spec: ModelSpec) -> int:
    return -(-max(side, spec.minimum) // spec.multiple) * spec.multiple


def _tiled(run: Callable[[Image], Image], image: Image, spec: ModelSpec, tile: int) -> Iterator[tuple[int, int, Image]]:
    """Run over tiles: a margin as wide as the network sees, or, where it sees too far for that, a blended overlap."""
    margin, ramp = (spec.context, 0) if spec.tiling == "exact" else (spec.context // 4, spec.context // 2)
    rows, columns = (
        spans(side, tile, margin, ramp, multiple=spec.multiple, scale=spec.scale) for side in image.shape[:2]
    )
    return run_tiled(run, image, rows, columns, scale=spec.scale)


def _run_tile(tile: Image, *, spec: ModelSpec, network: Network, context: Context, mix: float) -> Image:
    """Run one tile, with every retry that remains."""
    failure = ""
    for label, attempt in _attempts(tile, spec, network, context, mix):
        if failure:
            context.notice("tile-retried", f"{spec.title}: a tile {failure}; tried again {label}.")
        try:
            output = attempt()
        except MemoryError:
            failure = "ran out of memory"
            continue
        if np.isfinite(output).all():
            return output
        failure = "gave values that are not numbers"
    size = f"{tile.shape[1]}x{tile.shape[0]}"
    msg = f"{spec.title}: a tile of {size} pixels {failure} in every way tried. Choose another model."
    raise InferenceFailed(msg)


def _attempts(
    tile: Image, spec: ModelSpec, network: Network, context: Context, mix: float
) -> Iterator[tuple[str, Callable[[], Image]]]:
    """Yield the ways to run a tile, from the wanted one to the last resort."""
    yield "as it is", partial(_forward, network, tile, context)
    if spec.tiling != "never" and max(tile.shape[:2]) > _SMALLEST_TILE:
        yield "in smaller tiles", partial(_quarters, network, tile, context)
    if network.precision != "float32":
        exact = context.engine.network(spec, mix=mix, device=network.device, precision="float32")
        yield "in float32", partial(_quarters, exact, tile, context)
    if network.device != "cpu":
        cpu = context.engine.network(spec, mix=mix, device="cpu", precision="float32")
        yield "on the CPU", partial(_quarters, cpu, tile, context)


def _quarters(network: Network, tile: Image, context: Context) -> Image:
    """Run a tile as smaller ones."""
    half = max(_fit(max(tile.shape[:2]) // 2, network.spec), _SMALLEST_TILE)
    run = partial(_forward, network, context=context)
    *_, (_, _, output) = _tiled(run, tile, network.spec, half)
    return output


def _forward(network: Network, tile: Image, context: Context) -> Image:
    """Run one tile once: (H, W, C) to NCHW and back, contiguous either way."""
    x = np.ascontiguousarray(tile.transpose(2, 0, 1)[None])
    return np.ascontiguousarray(network.run(x, context.cancelled)[0].transpose(1, 2, 0))
