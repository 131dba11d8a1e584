"""Run a network on a picture: padding, tiles, and retries.

A tile that runs out of memory or has values that are not finite is computed again in quarters, then in float32, then on
the CPU; each retry adds a notice. If all fail, so does the stage: a picture never has a hole without an error.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import cv2
import numpy as np

from models.runtime.network import Network
from models.spec import ModelSpec
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import InferenceFailed, OptionError
from pipeline.methods.filters import luma
from pipeline.methods.tiles import Tileable, run_tiled, spans

_SMALLEST_TILE = 64
_STRIP_ROWS = 256
_MEMORY = "ran out of memory"


def infer(
    spec: ModelSpec,
    photo: Image,
    context: Context,
    *,
    guess: Image | None = None,
    screen: Image | None = None,
    mask: Mask | None = None,
    mix: float = 1.0,
) -> Image:
    """Return the output of a picture-to-picture network.

    Parameters
    ----------
    spec : ModelSpec
        The network; its `tile`, `context` and `tiling` decide how the picture is split.
    photo : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    context : Context
        Engine, progress and cancellation.
    guess : ndarray of float32, shape (H, W, 3), optional
        A first estimate of the result, RGB in [0, 1], for a network that takes one.
    screen : ndarray of float32, shape (H, W, 3), optional
        Where printed dots lie, as `pipeline.methods.halftone.redrawn` returns it, for a network that takes it.
    mask : ndarray of bool, shape (H, W), optional
        True in holes, for a network that takes it.
    mix : float
        As `Engine.network` takes it.

    Returns
    -------
    ndarray of float32, shape (H * spec.scale, W * spec.scale, 3)
        RGB in [0, 1]; grey if the photo's channels are equal.

    Raises
    ------
    OptionError
        If the network takes other inputs than it is given.
    InferenceFailed
        If every retry of a tile fails.
    Cancelled
        If the work was cancelled.
    """
    parts = inputs(spec, photo=photo, guess=guess, screen=screen, mask=mask)
    context.advance(0.0)
    network = context.engine.network(spec, mix=mix, cancelled=context.cancelled)
    height, width = photo.shape[:2]
    padded = _Stacked([_pad(part, spec) for part in parts])
    tile = _tile(padded.shape, spec)
    run = partial(_run_tile, spec=spec, network=network, context=context, mix=mix)
    output = photo
    for done, count, blended in _tiled(run, padded, spec, tile):
        output = blended
        context.advance(done / count)
    output = output[: height * spec.scale, : width * spec.scale]
    np.clip(output, 0.0, 1.0, out=output)
    if is_neutral(photo):
        _make_neutral(output)
    return output


class _Stacked:
    """Pictures whose channels are put on one another where a tile is cut out; the whole is never in memory twice."""

    def __init__(self, parts: Sequence[Image]) -> None:
        self._parts = parts
        self.shape = parts[0].shape[:2]

    def __getitem__(self, place: tuple[slice, slice]) -> Image:
        tiles = [part[place] for part in self._parts]
        return tiles[0] if len(tiles) == 1 else np.dstack(tiles)


def stack(spec: ModelSpec, **given: Image | Mask | None) -> Image:
    """Return the input of a network in one array; the arguments and errors are those of `inputs`.

    Returns
    -------
    ndarray of float32, shape (H, W, spec.channels)
        The photo itself, not a copy, if the network takes nothing else.
    """
    parts = inputs(spec, **given)
    return parts[0] if len(parts) == 1 else np.dstack(parts)


def inputs(spec: ModelSpec, **given: Image | Mask | None) -> list[Image]:
    """Return the inputs of a network, in its order.

    Parameters
    ----------
    spec : ModelSpec
        The network.
    **given : ndarray or None
        By the names of `ModelSpec.takes`: pictures of shape (H, W, 3), masks of shape (H, W); None is not given.

    Returns
    -------
    list of ndarray of float32, shape (H, W, 3) or (H, W)
        Not copied where they are of that type.

    Raises
    ------
    OptionError
        If the network takes other inputs than it is given.
    """
    parts = {name: part for name, part in given.items() if part is not None}
    if parts.keys() != set(spec.takes):
        takes, got = (" and ".join(dict.fromkeys(names)) for names in (spec.takes, parts))
        hint = "It works in the deblur stage only." if spec.takes == ("photo", "guess") else "Choose another model."
        msg = f"Expected a model that takes {got}, got {spec.title}, which takes {takes}. {hint}"
        raise OptionError(msg)
    return [np.asarray(parts[name], np.float32) for name in spec.takes]


def restorer(spec: ModelSpec) -> ModelSpec:
    """Return the spec, if the model restores pictures.

    Raises
    ------
    OptionError
        If it does something else, such as detect damage.
    """
    if spec.task in ("colorize", "estimate", "detect", "fill", "find", "identify"):
        msg = f"Expected a model that restores pictures, got {spec.title}, whose task is {spec.task}. Choose another."
        raise OptionError(msg)
    return spec


def same_size(spec: ModelSpec) -> ModelSpec:
    """Return the spec, if the model restores pictures and keeps their size.

    Raises
    ------
    OptionError
        If it does something else, or enlarges them.
    """
    restorer(spec)
    if spec.scale != 1:
        msg = f"Expected a model that keeps the size, got {spec.title}, which enlarges by {spec.scale}. Choose another."
        raise OptionError(msg)
    return spec


def is_neutral(image: Image) -> bool:
    """Return whether the first three channels are equal."""
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _make_neutral(image: Image) -> None:
    """Set all three channels to the luma, strip by strip: networks tint black-and-white pictures slightly."""
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


def _tile(shape: tuple[int, ...], spec: ModelSpec) -> int:
    """Return the side of tiles; a picture with no more pixels than a tile is not split, whatever its shape."""
    height, width = shape
    return max(height, width) if spec.tiling == "never" or height * width <= spec.tile**2 else spec.tile


def _fit(side: int, spec: ModelSpec) -> int:
    return -(-max(side, spec.minimum) // spec.multiple) * spec.multiple


def _tiled(
    run: Callable[[Image], Image], image: Tileable, spec: ModelSpec, tile: int
) -> Iterator[tuple[int, int, Image]]:
    """Run tile by tile, with margins as wide as the receptive radius, or blended overlaps where tiles are not exact."""
    margin, ramp = (spec.context, 0) if spec.tiling == "exact" else (spec.context // 4, spec.context // 2)
    rows, columns = (
        spans(side, tile, margin, ramp, multiple=spec.multiple, scale=spec.scale) for side in image.shape[:2]
    )
    return run_tiled(run, image, rows, columns, scale=spec.scale)


def _run_tile(tile: Image, *, spec: ModelSpec, network: Network, context: Context, mix: float) -> Image:
    """Run one tile, with retries."""
    failure = ""
    for remedy, attempt in _attempts(tile, spec, network, context, mix):
        if failure == _MEMORY:
            context.notice("tile-memory", model=spec.title, remedy=remedy)
        elif failure:
            context.notice("tile-not-finite", model=spec.title, remedy=remedy)
        try:
            output = attempt()
        except MemoryError:
            failure = _MEMORY
            continue
        if np.isfinite(output).all():
            return output
        failure = "gave values that are not numbers"
    size = f"{tile.shape[1]}x{tile.shape[0]}"
    msg = f"{spec.title}: a tile of {size} pixels {failure} in every attempt. Choose another model."
    raise InferenceFailed(msg)


def _attempts(
    tile: Image, spec: ModelSpec, network: Network, context: Context, mix: float
) -> Iterator[tuple[str, Callable[[], Image]]]:
    """Yield a name and a function for each attempt to run a tile, the first without a remedy."""
    yield "none", partial(_forward, network, tile, context)
    if spec.tiling != "never" and max(tile.shape[:2]) > _SMALLEST_TILE:
        yield "smaller tiles", partial(_quarters, network, tile, context)
    if network.precision != "float32":
        exact = context.engine.network(spec, mix=mix, device=network.device, precision="float32")
        yield "float32", partial(_quarters, exact, tile, context)
    if network.device != "cpu":
        cpu = context.engine.network(spec, mix=mix, device="cpu", precision="float32")
        yield "CPU", partial(_quarters, cpu, tile, context)


def _quarters(network: Network, tile: Image, context: Context) -> Image:
    """Run a tile in quarters, or whole where the network must not be tiled."""
    if network.spec.tiling == "never":
        return _forward(network, tile, context)
    half = max(_fit(max(tile.shape[:2]) // 2, network.spec), _SMALLEST_TILE)
    run = partial(_forward, network, context=context)
    *_, (_, _, output) = _tiled(run, tile, network.spec, half)
    return output


def _forward(network: Network, tile: Image, context: Context) -> Image:
    """Run one tile once: (H, W, C) to NCHW and back, contiguous either way."""
    x = np.ascontiguousarray(tile.transpose(2, 0, 1)[None])
    return np.ascontiguousarray(network.run(x, context.cancelled)[0].transpose(1, 2, 0))
