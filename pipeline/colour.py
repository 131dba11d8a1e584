"""Colour: CIE Lab, and whether a photograph has any."""

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

COLOURED_ABOVE = 3.0
"""Mean distance in ab from a pure tone, above which a photograph has colour of its own."""

_LOOK_SIDE = 256
_TONES = 12


def to_lab(rgb: Array) -> Array:
    """Convert RGB in [0, 1] to CIE Lab (D65; L in [0, 100]), both of shape (H, W, 3)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def from_lab(lab: Array) -> Array:
    """Convert CIE Lab to RGB in [0, 1]; colours outside it lose chroma, not luminance.

    Parameters
    ----------
    lab : ndarray of float32, shape (H, W, 3)
        L in [0, 100].
    """
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32)
    outside = (rgb < 0.0) | (rgb > 1.0)
    if not outside.any():
        return rgb
    grey = np.asarray(cv2.cvtColor(lab * np.array([1, 0, 0], np.float32), cv2.COLOR_LAB2RGB), np.float32)
    room = np.where(rgb > grey, 1.0 - grey, grey) / np.maximum(np.abs(rgb - grey), 1e-6)
    keep = np.minimum(room.min(axis=2, keepdims=True), 1.0)
    reduced = lab * np.concatenate([np.ones_like(keep), keep, keep], axis=2).astype(np.float32)
    return np.clip(np.asarray(cv2.cvtColor(reduced, cv2.COLOR_LAB2RGB), np.float32), 0.0, 1.0)


def colour_measure(image: Array) -> float:
    """Return how far a photograph's colours are from one tone, as a mean distance in ab.

    A toned print (sepia, cyanotype) maps every luminance to one colour; what is left after that mapping is taken
    away is colour of its own.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    height, width = image.shape[:2]
    factor = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    lab = to_lab(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)).reshape(-1, 3)
    tone = np.clip((lab[:, 0] * (_TONES / 100)).astype(np.intp), 0, _TONES - 1)
    count = np.maximum(np.bincount(tone, minlength=_TONES), 1)
    means = np.stack([np.bincount(tone, lab[:, c], _TONES) / count for c in (1, 2)], axis=1)
    return float(np.linalg.norm(lab[:, 1:] - means[tone], axis=1).mean())
