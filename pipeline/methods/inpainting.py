"""Fill holes in a picture from what surrounds them.

References
----------
.. [1] A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004.
.. [2] M. Bertalmio, A. Bertozzi and G. Sapiro, "Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting", 2001.
.. [3] S. Damelin and N. Hoang, "On Surface Completion and Image Inpainting by Biharmonic Functions", 2018.
.. [4] S. Gortler et al., "The Lumigraph", SIGGRAPH 1996: holes are filled from reduced pictures ("pull-push").
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from models import own
from models.runtime import diffusion, onnx
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import OptionError, PhotoError
from pipeline.methods.inference import infer

AUTO, TELEA, NAVIER_STOKES, BIHARMONIC = "auto", "telea", "navier-stokes", "biharmonic"
FAST = "fast-fill"
"""The filler in the box."""

NARROW = 12
"""Width in pixels of damage up to which diffusion leaves it to the biharmonic fill, which invents nothing."""

_RADIUS = {TELEA: 5, NAVIER_STOKES: 3}
_GIVEN = 9
"""Channels that the filler in the box is given, and those that ``python -m training fill`` makes."""
_MARGIN = 64
"""Pixels around a hole that a method sees at least."""


def fill(image: Image, mask: Mask, filler: str, context: Context, *, prompt: str = "", through: bool = False) -> Image:
    """Return the picture with its holes filled; outside the mask every pixel is what it was, to the bit.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; not written to.
    mask : ndarray of bool, shape (H, W)
        True in the holes.
    filler : str
        `FAST`; a key of `CLASSICAL`; `AUTO`, which is `FAST`; or the path of a network's file: LaMa (.pth, .safetensors
        or .onnx), MI-GAN's pipeline (.onnx) or what ``python -m training fill`` made; or of a folder with an inpainting
        pipeline of diffusers, which fills what is wide, and leaves the rest to biharmonic functions.
    context : Context
        Engine and progress.
    prompt : str
        What to put into the holes, for diffusion.
    through : bool
        Whether the filler in the box may look at what is in the holes: few scratches hide all that lies under them,
        and a detector may have marked what is no damage at all. No other filler does.

    Raises
    ------
    PhotoError
        If nothing is left to fill from.
    OptionError
        If the file holds no filler, or a prompt is given to one that reads none.
    ModelError
        If the file is not there, is damaged, or needs a package that is not.
    """
    if mask.all():
        msg = "Expected a mask that leaves some of the photograph to fill from, got one that covers all of it."
        raise PhotoError(msg)
    if prompt and not diffusion.is_one(Path(filler).expanduser()):
        msg = f"Expected the folder of a Stable Diffusion to read the prompt, got the filler {filler}. Leave one away."
        raise OptionError(msg)
    output = image.copy()
    work = [(part, method, box) for part, method in _parts(mask, filler, prompt, through) for box in _boxes(part)]
    for number, (part, method, box) in enumerate(work):
        portion = context.portion(number / len(work), (number + 1) / len(work))
        portion.advance(0.0)
        # A method is given all holes, for it must not read one that another method fills.
        filled = method(image[box], mask[box], portion)
        hole = part[box]
        output[box][hole] = np.clip(filled[hole], 0.0, 1.0)
    return output


def surroundings(image: Image, mask: Mask) -> Image:
    """Fill holes smoothly by what lies around them, near things more than far ones [4]_.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; not written to, and not looked at in the holes.
    mask : ndarray of bool, shape (H, W)
        True in the holes.
    """
    known = np.where(mask, np.float32(0), np.float32(1))[..., None]
    return _pushed(image * known, known)


def given_to(image: Image, mask: Mask, *, through: bool) -> Image:
    """Return what the filler in the box is given, shape (H, W, 9): the picture, the mask, and its `surroundings`.

    If it may not look through the holes, the surroundings stand in the picture's place too.
    """
    guess = surroundings(image, mask)
    marks = np.repeat(mask[..., None], 3, axis=2)
    return np.concatenate([image if through else guess, marks, guess], axis=2, dtype=np.float32)


def _pushed(colours: Image, known: Image) -> Image:
    """Return a picture whose pixels, each times how well it is known, are given; all grey where nothing is known."""
    height, width = known.shape[:2]
    if known.min() == 1 or max(height, width) == 1:
        return np.asarray(np.where(known > 0, colours / np.maximum(known, 1e-6), np.float32(0.5)), np.float32)
    half = (-(-width // 2), -(-height // 2))
    reduced = (cv2.resize(cv2.GaussianBlur(x, (5, 5), 1), half, interpolation=cv2.INTER_AREA) for x in (colours, known))
    small, weight = (x.reshape(half[1], half[0], -1) for x in reduced)
    sure = np.minimum(4 * weight, 1)  # from a quarter of its pixels on, a place of the reduced picture is known
    coarse = _pushed(small / np.maximum(weight, 1e-6) * sure, sure)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(colours + (1 - known) * enlarged, np.float32)


def wide_parts(mask: Mask, width: int = NARROW) -> Mask:
    """Return the parts of a mask that are wider than `width` pixels, and what hangs on to them by less than that."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    core = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk, borderType=cv2.BORDER_REPLICATE)
    return mask & (cv2.dilate(core, np.ones((5, 5), np.uint8)) > 0)


Method = Callable[[Image, Mask, Context], Image]
"""Fills a picture's holes; what it returns for the rest is not used."""


def _parts(mask: Mask, filler: str, prompt: str, through: bool) -> list[tuple[Mask, Method]]:
    """Return which part of the mask is filled by which method."""
    if filler in CLASSICAL:
        return [(mask, _blind(CLASSICAL[filler]))]
    path = Path(filler).expanduser()
    if diffusion.is_one(path):
        wide = wide_parts(mask)
        return [(mask & ~wide, _blind(CLASSICAL[BIHARMONIC])), (wide, _blind(_diffusion(path, prompt)))]
    if path.suffix.lower() == ".onnx":
        return [(mask, _blind(lambda image, hole, _: onnx.fill(path, image, hole)))]
    spec = own.find(FAST if filler == AUTO else filler)
    if spec.task != "fill":
        msg = f"Expected a model that fills holes, got {spec.title}, which is there to {spec.task}. Choose a filler."
        raise OptionError(msg)
    if spec.channels == _GIVEN:
        return [(mask, lambda image, hole, context: infer(spec, given_to(image, hole, through=through), context))]
    return [(mask, _blind(lambda image, hole, context: infer(spec, np.dstack([image, hole]), context)))]


def _blind(method: Method) -> Method:
    """Put the mean of what is known into the holes: at a picture's border, OpenCV lets a little of them through."""

    def filled(image: Image, mask: Mask, context: Context) -> Image:
        image = image.copy()
        image[mask] = image[~mask].mean(axis=0)
        return method(image, mask, context)

    return filled


def _diffusion(folder: Path, prompt: str) -> Method:
    def method(image: Image, hole: Mask, context: Context) -> Image:
        device = context.engine.device
        return diffusion.fill(folder, image, hole, prompt=prompt, device=device, tell=context.advance)

    return method


def _boxes(mask: Mask) -> list[tuple[slice, slice]]:
    """Return the rectangles to work in: holes near each other share one, and each has a margin of what is known."""
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
"""Methods that need no file."""
