"""Detect damage on a print, by a network or by classical morphology."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models import catalog, own
from models.spec import ModelSpec
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.filters import luma
from pipeline.methods.inference import infer
from pipeline.methods.prior import weigh
from pipeline.methods.scales import at_scales

CLASSICAL = "classical"
DETECTORS = (*(spec.id for spec in catalog.for_task("detect")), CLASSICAL)
"""Detectors by name; the first, the bundled network, is the default."""


_HAT = 9
"""Diameter of the disk in pixels; scratches and dust are narrower."""
_LINE = 25
"""Length in pixels of the straight pieces that a scratch consists of."""
_DIRECTIONS = 16
_LEAST_LENGTH = 50
_THICKEST = 7
"""Least length and greatest mean thickness of a line, in pixels."""
_SPECK = 12
"""Longest side of dust, in pixels."""
_SPECK_CLEARER = 3.0
"""Contrast that dust needs, relative to a line: pictures have many small details."""
_CLEAR = 8.0
"""Contrast of a line's clearest pixel, relative to the mean of its surroundings, at a likelihood of 0.5."""
_FAINT = 0.005
_STEPS = 10
_SURROUNDINGS = 61
_END_TONES = (10, 90)
"""Percentiles of luma: bare paper is lighter than most of a print, dirt is darker."""


def find(image: Image, model: str, sensitivity: float, context: Context) -> Mask:
    """Return the mask of the damage: where `likelihood` exceeds ``1 - sensitivity``.

    Parameters
    ----------
    image, model, context
        As `likelihood` takes them.
    sensitivity : float
        In (0, 1).
    """
    return likelihood(image, model, context) > 1 - sensitivity


def likelihood(image: Image, model: str, context: Context) -> Image:
    """Return the likelihood that each pixel is damaged.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1], denoised: grain hides scratches and resembles dust.
    model : str
        `CLASSICAL`, the id of a detector, or the path of a detector's file.
    context : Context
        Engine and progress.

    Returns
    -------
    ndarray of float32, shape (H, W)
        In [0, 1].

    Raises
    ------
    WeightsMissing
        If the detector's file is missing.
    OptionError
        If the model is no detector.
    """
    spec = detector(model)
    if spec is None:
        return classical(image)
    if not spec.usual:
        return np.ascontiguousarray(infer(spec, image, context)[..., 0])

    def detect(look: Image, start: float, stop: float) -> Image:
        return infer(spec, look, context.portion(start, stop))[..., 0]

    return weigh(at_scales(detect, image), image, spec.usual)


def detector(model: str) -> ModelSpec | None:
    """Return the network of a detector, by its name as `likelihood` takes it; None for the classical one.

    Raises
    ------
    OptionError
        If the model is no detector.
    """
    if model == CLASSICAL:
        return None
    spec = own.find(model)
    if spec.task != "detect":
        msg = f"Expected a model that detects damage, got {spec.title}, whose task is {spec.task}. Choose a detector."
        raise OptionError(msg)
    return spec


def grow(mask: Mask, pixels: int) -> Mask:
    """Return a mask dilated by some pixels."""
    if not pixels:
        return mask
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return cv2.dilate(mask.astype(np.uint8), disk).astype(bool)


def classical(image: Image) -> Image:
    """Return the likelihood of scratches and dust, computed without a network.

    Top-hat and black-hat transforms [1]_ keep details narrower than a disk. Among those near the lightest or darkest
    tone of the picture, long straight ones with a clear contrast are scratches, and small ones with a high contrast are
    dust.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W)
        In steps of a tenth; above 0.5 from the contrast `_CLEAR` on, above 0.9 from nearly twice as much on.

    References
    ----------
    .. [1] F. Meyer, "Contrast feature extraction", 1979: the top-hat transform.
    """
    grey = luma(image)
    dark, light = np.percentile(grey, _END_TONES)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_HAT, _HAT))
    likely = np.zeros_like(grey)
    for hat, is_end_tone in ((cv2.MORPH_TOPHAT, grey > light), (cv2.MORPH_BLACKHAT, grey < dark)):
        narrow = cv2.morphologyEx(grey, hat, disk) * is_end_tone
        usual = cv2.blur(narrow, (_SURROUNDINGS, _SURROUNDINGS)) + np.float32(_FAINT)
        contrast, straight = narrow / usual, np.minimum(_straight(narrow), narrow) / usual
        for step in range(1, _STEPS):
            clear = _CLEAR * 2 ** (2 * step / _STEPS - 1)
            found = _lines(straight, clear) | _specks(contrast, clear * _SPECK_CLEARER)
            likely[found] = np.maximum(likely[found], np.float32((step + 0.5) / _STEPS))
    return likely


def _straight(narrow: Image) -> Image:
    """Return the greatest opening by straight pieces of all directions, shape (H, W)."""
    best = np.zeros_like(narrow)
    half = _LINE // 2
    for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
        across, down = round(half * np.cos(angle)), round(half * np.sin(angle))
        piece = np.zeros((_LINE, _LINE), np.uint8)
        cv2.line(piece, (half - across, half - down), (half + across, half + down), 1)
        np.maximum(best, cv2.morphologyEx(narrow, cv2.MORPH_OPEN, piece), out=best)
    return np.asarray(cv2.dilate(best, np.ones((3, 3), np.uint8)), np.float32)


def _lines(contrast: Image, clear: float) -> Mask:
    regions, boxes, areas, peaks = _regions(contrast, clear / 2)
    lengths = np.hypot(*boxes)
    thickness = areas / np.maximum(lengths, 1)
    return ((lengths >= _LEAST_LENGTH) & (thickness < _THICKEST) & (peaks > clear))[regions]


def _specks(contrast: Image, clear: float) -> Mask:
    regions, boxes, areas, peaks = _regions(contrast, clear / 2.5)
    return ((boxes.max(axis=0) <= _SPECK) & (areas >= 3) & (peaks > clear))[regions]


def _regions(contrast: Image, limit: float) -> tuple[NDArray[np.int32], Image, Image, Image]:
    """Return the region of each pixel; and width and height, area and greatest contrast of each region.

    Region 0 is everything below the limit; its contrast is 0.
    """
    count, regions, stats, _ = cv2.connectedComponentsWithStats((contrast > limit).astype(np.uint8), connectivity=8)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, regions.ravel(), np.where(regions > 0, contrast, 0).ravel())
    sizes = stats.astype(np.float32)
    return regions, sizes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].T, sizes[:, cv2.CC_STAT_AREA], peaks
