"""Measure a picture: noise, blur, colour, and its distance from a reference."""

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.methods.filters import luma
from pipeline.methods.lab import to_lab

COLOURED_ABOVE = 3.0
"""Mean distance in ab from a pure tone, above which a photograph has colour of its own."""
_LOOK_SIDE = 64  # so small that grain averages out
_TONES = 12
_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_BLOCK = 16
_BLUR_WIDTH = 5
_BORDER = 3
"""Pixels at the border that SSIM's window of 7 does not judge."""
_STRIP_ROWS = 256


def noise_sigma(image: Image) -> float:
    """Estimate the standard deviation of the noise, on the scale of [0, 1].

    The difference of two Laplacians leaves noise and takes away most structure (Immerkaer, "Fast Noise Variance
    Estimation", 1996). It is measured in blocks, and a low percentile of the blocks is taken, so that texture is
    not mistaken for noise.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    float
        0 for pictures smaller than one block of 16 pixels.
    """
    residual = cv2.filter2D(luma(image), -1, _LAPLACIANS)
    rows, columns = (side // _BLOCK for side in residual.shape)
    if not rows or not columns:
        return 0.0
    blocks = residual[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.percentile(np.sqrt((blocks**2).mean(axis=(1, 3))), 15))


def blur_measure(image: Image) -> float:
    """Return how blurred a picture looks, from 0 (sharp) to 1.

    A sharp picture loses much of its steepness under one more blur, a blurred one little (Crete et al., "The Blur
    Effect", 2007). scikit-image has it too, as ``blur_effect``, and takes a third of a second to import. Grain passes
    for sharpness, so denoise first.
    """
    grey = luma(image)
    return max(_kept_steepness(grey), _kept_steepness(np.ascontiguousarray(grey.T)))


def _kept_steepness(grey: Image) -> float:
    """Return the share of the steepness along x that survives a mean over `_BLUR_WIDTH` pixels."""
    softer = cv2.blur(grey, (_BLUR_WIDTH, 1), borderType=cv2.BORDER_REFLECT)
    before, after = (np.abs(cv2.Sobel(x, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)) for x in (grey, softer))
    inner = slice(2, -1)
    total = float(before[inner, inner].sum())
    lost = float(np.maximum(before - after, 0)[inner, inner].sum())
    return (total - lost) / total if total else 1.0


def colour_measure(image: Image) -> float:
    """Return how far a photograph's colours are from one tone, as a mean distance in ab.

    A toned print (sepia, cyanotype) maps every luminance to one colour; what is left after that mapping is taken
    away is colour of its own.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    lab = glance(image)
    tone = np.clip((lab[:, 0] * (_TONES / 100)).astype(np.intp), 0, _TONES - 1)
    count = np.maximum(np.bincount(tone, minlength=_TONES), 1)
    means = np.stack([np.bincount(tone, lab[:, c], _TONES) / count for c in (1, 2)], axis=1)
    return float(np.linalg.norm(lab[:, 1:] - means[tone], axis=1).mean())


def glance(image: Image) -> Image:
    """Return Lab of a small version, shape (pixels, 3)."""
    height, width = image.shape[:2]
    factor = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return to_lab(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)).reshape(-1, 3)


def compare(image: Image, truth: Image) -> tuple[float, float]:
    """Return PSNR in dB, over RGB, and SSIM (Wang et al., 2004) of the luma, of two pictures of one size.

    They are compared strip by strip, each seen with its neighbours: of a large picture, all that SSIM needs at once
    would take gigabytes.
    """
    from skimage.metrics import structural_similarity  # brings SciPy along

    error, likeness = 0.0, 0.0
    height, width = image.shape[:2]
    for top in range(0, height - 2 * _BORDER, _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS + 2 * _BORDER, height))
        _, local = structural_similarity(luma(image[rows]), luma(truth[rows]), data_range=1.0, full=True)
        likeness += float(np.sum(local[_BORDER:-_BORDER, _BORDER:-_BORDER], dtype=np.float64))
    for top in range(0, height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        error += float(np.sum(cv2.subtract(image[rows], truth[rows]) ** 2, dtype=np.float64))
    psnr = -10 * np.log10(max(error / image.size, 1e-12))
    return float(psnr), likeness / ((height - 2 * _BORDER) * (width - 2 * _BORDER))
