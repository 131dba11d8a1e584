"""Find what is damaged on a print: by a network, by classical morphology, or by a mask that somebody drew."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models import catalog, own
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.filters import luma
from pipeline.methods.inference import infer
from pipeline.methods.prior import weigh

CLASSICAL = "classical"
DETECTORS = (*(spec.id for spec in catalog.for_task("detect")), CLASSICAL)
"""The first, the network in the box, is the default."""


_HAT = 9
"""Side, in pixels, of the disk that scratches and dust are narrower than."""
_LINE = 25
"""Length of the straight pieces of which a scratch is made."""
_DIRECTIONS = 16
_LEAST_LENGTH = 50
_THICKEST = 7
"""A line is at least as long, and on the average no thicker, in pixels."""
_SPECK = 12
"""Largest side of dust."""
_SPECK_CLEARER = 3.0
"""How many times clearer than a line dust must be: small things are many in a picture."""
_CLEAR = 8.0
"""Contrast of a line's clearest pixel, in means of its surroundings, at middle sensitivity."""
_FAINT = 0.005
_STEPS = 10
_SURROUNDINGS = 61
_END_TONES = (10, 90)
"""Percentiles of luma: bare paper is lighter than most of a print, dirt darker."""


def find(image: Image, model: str, sensitivity: float, context: Context) -> Mask:
    """Return where a picture is damaged: where `likelihood` exceeds 1 less the sensitivity.

    Parameters
    ----------
    image, model, context
        As `likelihood` takes them.
    sensitivity : float
        In (0, 1).
    """
    return likelihood(image, model, context) > 1 - sensitivity


def likelihood(image: Image, model: str, context: Context) -> Image:
    """Return how likely each pixel is damaged.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1], denoised: grain hides scratches, and passes for dust.
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
        If the detector's file is not here.
    OptionError
        If the model is no detector.
    """
    if model == CLASSICAL:
        return classical(image)
    spec = own.find(model)
    if spec.task != "detect":
        msg = f"Expected a model that finds damage, got {spec.title}, which is there to {spec.task}. Choose a detector."
        raise OptionError(msg)
    votes = np.ascontiguousarray(infer(spec, image, context)[..., 0])
    return weigh(votes, image, spec.usual) if spec.usual else votes


def grow(mask: Mask, pixels: int) -> Mask:
    """Return a mask that reaches some pixels further in every direction."""
    if not pixels:
        return mask
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return cv2.dilate(mask.astype(np.uint8), disk).astype(bool)


def classical(image: Image) -> Image:
    """Find scratches and dust without a network.

    Top-hat and black-hat transforms leave what is narrower than a disk; what is nearly the lightest or darkest of the
    picture, clear against its surroundings, and long and straight, is a scratch; what is small and very clear, dust.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W)
        In steps of a tenth; above 0.5 is what has the contrast `_CLEAR`, above 0.9 nearly twice as much.

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
    """Keep what straight pieces of some direction fit into, shape (H, W)."""
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
    """Return the number of each pixel's region; of each region width and height, area, and greatest contrast.

    Region 0, all that lies below the limit, has no contrast at all.
    """
    count, regions, stats, _ = cv2.connectedComponentsWithStats((contrast > limit).astype(np.uint8), connectivity=8)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, regions.ravel(), np.where(regions > 0, contrast, 0).ravel())
    sizes = stats.astype(np.float32)
    return regions, sizes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].T, sizes[:, cv2.CC_STAT_AREA], peaks
