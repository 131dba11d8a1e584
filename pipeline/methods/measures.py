"""Measure noise, blur and colour, and compare a picture with a reference."""

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.filters import luma
from pipeline.methods.lab import to_lab

COLOURED_ABOVE = 3.0
"""`colour_measure` above which a photograph counts as coloured."""
_CLEAR, _CLEAR_ON_TONED = 8.0, 0.2
"""Distance in ab from the tone that is clearly a colour, and what it grows by for each unit of the tone's own chroma:
stains and faded corners of a sepia print differ from its tone."""
_WORTH = 150.0
"""How much a share of clear colours counts: a fiftieth of a photograph, such as a face before a grey wall, makes it
coloured. By the mean alone, 98 of 3,000 photographs more pass for black and white, such as studio portraits."""
_LOOK_SIDE = 64  # small enough to average out grain
_TONES = 12
_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_BLOCK = 16
_GRID = 8
"""Side of a block of JPEG, in pixels."""

_EDGE = 0.1
"""Largest step that a border of blocks may count for; larger ones are contours."""

_BLUR_WIDTH = 5
_STEEP = 0.06
"""Slope of luma in a pixel from which on it counts as an edge; grain and enlarged thumbnails stay below."""

_BORDER = 3
"""Pixels at the border that SSIM, whose window is 7, leaves out."""
_STRIP_ROWS = 256


def noise_sigma(image: Image) -> float:
    """Return the estimated standard deviation of the noise, on the scale of [0, 1].

    The difference of two Laplacians keeps noise and removes most structure (J. Immerkaer, "Fast Noise Variance
    Estimation", 1996). It is measured in blocks, of which a low percentile is taken, so that texture is not mistaken
    for noise.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    float
        0 if the picture is smaller than a block of 16 by 16 pixels.
    """
    residual = cv2.filter2D(luma(image), -1, _LAPLACIANS)
    rows, columns = (side // _BLOCK for side in residual.shape)
    if not rows or not columns:
        return 0.0
    blocks = residual[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.percentile(np.sqrt((blocks**2).mean(axis=(1, 3))), 15))


def block_measure(image: Image) -> float:
    """Return how much steeper a picture is across the borders of JPEG's blocks, on the scale of [0, 1].

    A grid of 8 pixels is looked for at any offset, so that cropped files count too; enlarged ones do not. In both
    directions, the mean step across the steepest of eight columns is compared with their median, and the smaller of the
    two is returned; edges count little. Photographs without compression have up to 0.3 of 255, JPEG files of middling
    quality 0.4 to 2.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    grey = luma(image)
    across, down = (np.minimum(np.abs(np.diff(grey, axis=axis)), _EDGE) for axis in (1, 0))
    return min(_steps(across.mean(axis=0)), _steps(down.mean(axis=1)))


def _steps(profile: Image) -> float:
    """Return by how much the steepest of eight phases exceeds their median; 0 where the profile is short."""
    rows = len(profile) // _GRID
    if not rows:
        return 0.0
    phases = profile[: rows * _GRID].reshape(rows, _GRID).mean(axis=0)
    return float(phases.max() - np.median(phases))


def blur_measure(image: Image) -> float:
    """Return the perceived blur of a picture, from 0 (sharp) to 1.

    Blurring a sharp picture again removes much of its gradient; blurring a soft one removes little (F. Crete et al.,
    "The Blur Effect", 2007). Grain is measured as sharpness, so denoise first. scikit-image's ``blur_effect`` computes
    the same and takes a third of a second to import.
    """
    grey = luma(image)
    return max(_kept_steepness(grey), _kept_steepness(np.ascontiguousarray(grey.T)))


def _kept_steepness(grey: Image) -> float:
    """Return the share of the horizontal gradient that remains after a mean over `_BLUR_WIDTH` pixels."""
    softer = cv2.blur(grey, (_BLUR_WIDTH, 1), borderType=cv2.BORDER_REFLECT)
    before, after = (np.abs(cv2.Sobel(x, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)) for x in (grey, softer))
    inner = slice(2, -1)
    total = float(before[inner, inner].sum())
    lost = float(np.maximum(before - after, 0)[inner, inner].sum())
    return (total - lost) / total if total else 1.0


def edge_share(image: Image) -> float:
    """Return the share of the pixels, from 0 to 1, that lie on an edge."""
    return float((slope(luma(image)) > _STEEP).mean())


def slope(grey: Plane) -> Plane:
    """Return the length of the gradient at each pixel, in values a pixel."""
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)


def colour_measure(image: Image) -> float:
    """Return how far a photograph's colours are from a single tone, in units of ab.

    A toned print (sepia, cyanotype) has one colour for each luminance; distances are measured from that colour. The
    result is their mean, or more where a small part has clear colours.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    lab = glance(image)
    tone = np.clip((lab[:, 0] * (_TONES / 100)).astype(np.intp), 0, _TONES - 1)
    count = np.maximum(np.bincount(tone, minlength=_TONES), 1)
    means = np.stack([np.bincount(tone, lab[:, c], _TONES) / count for c in (1, 2)], axis=1)
    distance = np.linalg.norm(lab[:, 1:] - means[tone], axis=1)
    is_clear = distance > _CLEAR + _CLEAR_ON_TONED * np.linalg.norm(means, axis=1)[tone]
    return float(max(distance.mean(), _WORTH * is_clear.mean()))


def glance(image: Image) -> Image:
    """Return the Lab values of a reduced copy, shape (pixels, 3)."""
    height, width = image.shape[:2]
    factor = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return to_lab(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)).reshape(-1, 3)


def compare(image: Image, truth: Image) -> tuple[float, float]:
    """Return `psnr` over RGB and `ssim` of two pictures of one size."""
    return psnr(image, truth), ssim(image, truth)


def psnr(image: Image, truth: Image) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 120, of two arrays of one shape, values in [0, 1]."""
    error = 0.0
    for top in range(0, len(image), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        error += float(np.sum(cv2.subtract(image[rows], truth[rows]) ** 2, dtype=np.float64))
    return float(-10 * np.log10(max(error / image.size, 1e-12)))


def ssim(image: Image, truth: Image) -> float:
    """Return the structural similarity (Z. Wang et al., 2004) of the luma of two RGB pictures of one size.

    It is computed in overlapping strips with the same result; for a large picture at once it would take gigabytes.
    """
    from skimage.metrics import structural_similarity  # imports SciPy

    likeness = 0.0
    height, width = image.shape[:2]
    for top in range(0, height - 2 * _BORDER, _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS + 2 * _BORDER, height))
        _, local = structural_similarity(luma(image[rows]), luma(truth[rows]), data_range=1.0, full=True)
        likeness += float(np.sum(local[_BORDER:-_BORDER, _BORDER:-_BORDER], dtype=np.float64))
    return likeness / ((height - 2 * _BORDER) * (width - 2 * _BORDER))
