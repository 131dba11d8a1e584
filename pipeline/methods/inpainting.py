"""Fill holes in a picture from what surrounds them.

References
----------
.. [1] A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004.
.. [2] M. Bertalmio, A. Bertozzi and G. Sapiro, "Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting", 2001.
.. [3] S. Damelin and N. Hoang, "On Surface Completion and Image Inpainting by Biharmonic Functions", 2018.
.. [4] S. Gortler et al., "The Lumigraph", SIGGRAPH 1996: holes are filled from reduced pictures ("pull-push").
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import cast

import cv2
import numpy as np

from models import catalog, own
from models.runtime.network import PromptedNetwork
from models.spec import ModelSpec
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import OptionError, PhotoError
from pipeline.methods.inference import infer, stack

AUTO, TELEA, NAVIER_STOKES, BIHARMONIC = "auto", "telea", "navier-stokes", "biharmonic"
FAST = "fast-fill"
"""The bundled filler."""

NARROW = 12
"""Width in pixels up to which damage is filled by biharmonic functions, which invent nothing, and not by diffusion."""

_RADIUS = {TELEA: 5, NAVIER_STOKES: 3}
_MARGIN = 64
"""Pixels around a hole that a method is given at least."""


def fill(image: Image, mask: Mask, filler: str, context: Context, *, prompt: str = "", through: bool = False) -> Image:
    """Return the picture with its holes filled; every pixel outside the mask is unchanged, to the bit.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; not written to.
    mask : ndarray of bool, shape (H, W)
        True in the holes.
    filler : str
        `FAST`; a key of `CLASSICAL`; `AUTO`, which is `FAST`; or the path of a network's file: LaMa (.pth, .safetensors
        or .onnx), MI-GAN's pipeline (.onnx) or a file made by ``python -m training fill``; or of a folder with an
        inpainting pipeline of diffusers, which fills wide holes and leaves narrow ones to biharmonic functions.
    context : Context
        Engine and progress.
    prompt : str
        What to put into the holes, for diffusion.
    through : bool
        Whether the bundled filler may use what is in the holes: few scratches are opaque, and a detector may have
        marked undamaged places. No other filler uses it.

    Raises
    ------
    PhotoError
        If nothing is left to fill from.
    OptionError
        If the model is no filler, or a prompt is given to a filler that takes none.
    ModelError
        If the file is missing or damaged, or needs a package that is not installed.
    """
    if mask.all():
        msg = "Expected a mask that leaves part of the photograph to fill from, got one that covers all of it."
        raise PhotoError(msg)
    spec = network(filler)
    if prompt and (spec is None or spec.format != "diffusers"):
        msg = f"Expected a Stable Diffusion folder as filler with a prompt, got {filler}. Remove one of the two."
        raise OptionError(msg)
    parts = _parts(mask, spec, prompt, through) if spec else [(mask, _blind(CLASSICAL[filler]))]
    output = image.copy()
    work = [(part, method, box) for part, method in parts for box in _boxes(part)]
    for number, (part, method, box) in enumerate(work):
        portion = context.portion(number / len(work), (number + 1) / len(work))
        portion.advance(0.0)
        # A method is given all holes, since it must not use one that another method fills.
        filled = method(image[box], mask[box], portion)
        hole = part[box]
        output[box][hole] = np.clip(filled[hole], 0.0, 1.0)
    return output


def network(filler: str) -> ModelSpec | None:
    """Return the network of a filler, by its name as `fill` takes it; None for the classical ones.

    Raises
    ------
    OptionError
        If the model is no filler.
    ModelError
        If it is a file that is missing or cannot be read.
    """
    if filler in CLASSICAL:
        return None
    spec = own.find(FAST if filler == AUTO else filler)
    if spec.task != "fill":
        msg = f"Expected a model that fills holes, got {spec.title}, whose task is {spec.task}. Choose a filler."
        raise OptionError(msg)
    return spec


def surroundings(image: Image, mask: Mask) -> Image:
    """Return the picture with its holes filled smoothly from around them, near pixels weighing more [4]_.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; not written to, and not read in the holes.
    mask : ndarray of bool, shape (H, W)
        True in the holes.
    """
    known = np.where(mask, np.float32(0), np.float32(1))[..., None]
    return _pushed(image * known, known)


def given_to(image: Image, mask: Mask, *, through: bool) -> Image:
    """Return the input of the bundled filler, shape (H, W, 9): the picture, the mask, and the `surroundings`.

    If it may not look through the holes, the surroundings replace the picture, too.
    """
    guess = surroundings(image, mask)
    return stack(catalog.get(FAST), photo=image if through else guess, mask=mask, guess=guess)


def _pushed(colours: Image, known: Image) -> Image:
    """Return a picture from its colours times their weights in [0, 1], and the weights; grey if all are 0."""
    height, width = known.shape[:2]
    if known.min() == 1 or max(height, width) == 1:
        return np.asarray(np.where(known > 0, colours / np.maximum(known, 1e-6), np.float32(0.5)), np.float32)
    half = (-(-width // 2), -(-height // 2))
    reduced = (cv2.resize(cv2.GaussianBlur(x, (5, 5), 1), half, interpolation=cv2.INTER_AREA) for x in (colours, known))
    small, weight = (x.reshape(half[1], half[0], -1) for x in reduced)
    sure = np.minimum(4 * weight, 1)  # a pixel of the reduced picture is known if a quarter of it is
    coarse = _pushed(small / np.maximum(weight, 1e-6) * sure, sure)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(colours + (1 - known) * enlarged, np.float32)


def wide_parts(mask: Mask, width: int = NARROW) -> Mask:
    """Return the parts of a mask that are wider than `width` pixels, with a margin of two pixels of the mask."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    core = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk, borderType=cv2.BORDER_REPLICATE)
    return mask & (cv2.dilate(core, np.ones((5, 5), np.uint8)) > 0)


Method = Callable[[Image, Mask, Context], Image]
"""Fills the holes of a picture; its output outside the holes is not used."""


def _parts(mask: Mask, spec: ModelSpec, prompt: str, through: bool) -> list[tuple[Mask, Method]]:
    """Return the parts of the mask and the method that fills each."""
    if spec.format == "diffusers":
        wide = wide_parts(mask)
        return [(mask & ~wide, _blind(_biharmonic)), (wide, _blind(partial(_diffusion, spec, prompt)))]
    if "guess" in spec.takes:
        return [(mask, partial(_guided, spec, through))]
    return [(mask, _blind(lambda image, hole, context: infer(spec, image, context, mask=hole)))]


def _blind(method: Method) -> Method:
    """Set the holes to the mean of the rest first: at a picture's border, OpenCV uses a little of what is in them."""

    def filled(image: Image, mask: Mask, context: Context) -> Image:
        image = image.copy()
        image[mask] = image[~mask].mean(axis=0)
        return method(image, mask, context)

    return filled


def _guided(spec: ModelSpec, through: bool, image: Image, mask: Mask, context: Context) -> Image:
    """Fill by a network of the bundled filler's kind."""
    guess = surroundings(image, mask)
    return infer(spec, image if through else guess, context, mask=mask, guess=guess)


def _diffusion(spec: ModelSpec, prompt: str, image: Image, mask: Mask, context: Context) -> Image:
    x = np.ascontiguousarray(stack(spec, photo=image, mask=mask).transpose(2, 0, 1)[None])
    pipeline = cast(PromptedNetwork, context.engine.network(spec, cancelled=context.cancelled))
    return pipeline.run(x, context.cancelled, prompt=prompt, progress=context.advance)[0].transpose(1, 2, 0)


def _boxes(mask: Mask) -> list[tuple[slice, slice]]:
    """Return the rectangles to work in: near holes share one, and each has a margin around its holes."""
    reach = np.ones((_MARGIN, _MARGIN), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(mask.astype(np.uint8), reach), connectivity=8)
    rows, columns = mask.shape
    return [
        (
            slice(max(top - _MARGIN // 2, 0), min(top + height + _MARGIN // 2, rows)),
            slice(max(left - _MARGIN // 2, 0), min(left + width + _MARGIN // 2, columns)),
        )
        for left, top, width, height, _ in stats[1:count].tolist()
    ]


def _telea(image: Image, mask: Mask, _: Context) -> Image:
    eight_bits = (image * 255 + 0.5).astype(np.uint8)  # OpenCV's float version of this one gives nonsense
    filled = cv2.inpaint(eight_bits, mask.astype(np.uint8), _RADIUS[TELEA], cv2.INPAINT_TELEA)
    return np.divide(filled, 255, dtype=np.float32)


def _navier_stokes(image: Image, mask: Mask, _: Context) -> Image:
    holes = mask.astype(np.uint8)
    channels = [cv2.inpaint(c, holes, _RADIUS[NAVIER_STOKES], cv2.INPAINT_NS) for c in cv2.split(image)]
    return np.asarray(cv2.merge(channels), np.float32)


def _biharmonic(image: Image, mask: Mask, _: Context) -> Image:
    from skimage.restoration import inpaint_biharmonic  # a third of a second to import

    return np.asarray(inpaint_biharmonic(image, mask, channel_axis=-1, split_into_regions=True), np.float32)


CLASSICAL: Mapping[str, Method] = MappingProxyType(
    {TELEA: _telea, NAVIER_STOKES: _navier_stokes, BIHARMONIC: _biharmonic}
)
"""Methods that need no network."""
