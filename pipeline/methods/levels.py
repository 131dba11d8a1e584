"""Measure the tonal range of a print, and restore one that has faded."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.filters import gaussian, luma
from pipeline.methods.inference import is_neutral
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure

BLACK_ABOVE = 0.08
"""A photograph counts as faded if the luma of its darkest part is above this, and its span below `SPAN_BELOW`."""

SPAN_BELOW = 0.8
"""Difference in luma between the brightest and the darkest part."""

_ONE_TONE = 0.02
"""Span up to which there is nothing to revive: blank paper would become black."""

_LOOK_SIDE = 384  # small enough to average out grain, large enough to keep black
_TAIL = 0.1
"""Per cent of the pixels ignored at each end."""

_PAPER = 1.0
"""Per cent of the pixels, at each end, whose mean colour is taken as that of the print's black and of its paper."""

_SHAPE = (2.0, 50.0, 98.0)
"""Percentiles of luma whose positions between black and white describe the histogram."""

_INK = (-0.04, 0.685, -0.135, 0.307, -0.025, 0.076)
_LIGHT = (0.334, -0.293, 0.616, 0.001, -0.04, 0.213)
"""Linear model of the original black and white: an offset, then factors of black, white and the positions of `_SHAPE`.
Fitted by least squares over the pixels of 1,336 photographs damaged by ``training.damage.recipes.age``. In
cross-validation it is 0.4 dB better than a fit to black and white alone, and 4 dB worse than the best line for each
photograph."""

_MOST_INK, _LEAST_LIGHT = 0.1, 0.8
"""Bounds on the restored black and white."""

_NARROWEST = 0.2
"""Smallest span used in stretching; it limits the gain, so that fog stays fog."""

_LOCAL_SHARE = 1 / 24
"""Width of the window for local contrast, as a share of the longer side."""

_LOCAL_EDGE = 0.15
"""Differences from the surroundings above about this gain less, so that edges get no halos."""

_TONES = 16
"""Steps of luminance, with equally many pixels each, at which a print's hue is measured."""

_MIDDLE = (30.0, 70.0)
"""Range of L of the middle tones, where the hue is strongest."""


@dataclass(frozen=True)
class Levels:
    """The tonal range of a photograph."""

    black: float
    white: float
    """Luma, in [0, 1]."""

    dark_rgb: Image
    light_rgb: Image
    """Mean colours of the darkest and the brightest part, shape (3,): the print's black and its paper."""

    shape: tuple[float, ...]
    """Positions of the percentiles `_SHAPE` between black (0) and white (1)."""

    @property
    def faded(self) -> bool:
        """Whether black is raised and the span is short, but longer than that of a picture of one tone."""
        return self.black > BLACK_ABOVE and _ONE_TONE < self.white - self.black < SPAN_BELOW

    @property
    def goals(self) -> tuple[float, float]:
        """Estimated luma of black and white before the print faded."""
        signs = (1.0, self.black, self.white, *self.shape)
        ink, light = (float(np.dot(factors, signs)) for factors in (_INK, _LIGHT))
        return min(max(ink, 0.0), _MOST_INK), min(max(light, _LEAST_LIGHT), 1.0)

    def __str__(self) -> str:
        limits = f"above {BLACK_ABOVE:g} and less than {SPAN_BELOW:g} apart it counts as faded"
        return f"its tones reach from {self.black:.2f} to {self.white:.2f}; {limits}"


def measure(image: Image) -> Levels:
    """Return the tonal range of a photograph, by percentiles, which small scratches and highlights do not change.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    small = _small(image)
    grey = luma(small)
    black, white = np.percentile(grey, [_TAIL, 100 - _TAIL])
    dark, light = np.percentile(grey, [_PAPER, 100 - _PAPER])
    places = (np.percentile(grey, _SHAPE) - black) / max(white - black, 1e-6)
    print_black, paper = (small[mask].mean(axis=0) for mask in (grey <= dark, grey >= light))
    return Levels(float(black), float(white), print_black, paper, tuple(places.tolist()))


def revive(image: Image, *, neutral: bool, local_contrast: float, whole: Image | None = None) -> Image:
    """Return the photograph with its tones stretched to their estimated range, and its cast removed.

    A toned or grey photograph is stretched as a whole; its tint is kept in the middle tones or removed. A colour
    photograph is stretched channel by channel, from the colour of the print's black to that of its paper.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    neutral : bool
        Whether to remove the tint of sepia and other toned prints.
    local_contrast : float
        Gain, in [0, 1], of small differences from the surroundings; 0 changes nothing.
    whole : ndarray of float32, shape (H, W, 3), optional
        The picture that `image` is a part of, whose tones are measured.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    look = image if whole is None else whole
    levels = measure(look)
    if colour_measure(look) > COLOURED_ABOVE:
        stretched = _stretched(image, *_balanced(levels), levels.goals)
        gain = _with_local_contrast(luma(stretched), local_contrast) - luma(stretched)
        return np.clip(stretched + gain[..., None], 0.0, 1.0)
    grey = _stretched(luma(image), np.float32(levels.black), np.float32(levels.white), levels.goals)
    grey = _with_local_contrast(grey, local_contrast)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    return rgb if neutral or is_neutral(look) else _toned(rgb, image, look)


def _balanced(levels: Levels) -> tuple[Image, Image]:
    """Return black and white for each channel: the luma of `levels` with the cast of the print's black and paper."""
    dark, light = (rgb - luma(rgb.reshape(1, 1, 3)).item() for rgb in (levels.dark_rgb, levels.light_rgb))
    return np.float32(levels.black) + dark, np.float32(levels.white) + light


def _stretched(
    values: Image, black: Image | np.float32, white: Image | np.float32, goals: tuple[float, float]
) -> Image:
    """Return the values mapped linearly, `black` and `white` to `goals`."""
    ink, light = (np.float32(goal) for goal in goals)
    slope = (light - ink) / np.maximum(white - black, np.float32(_NARROWEST))
    return np.clip((values - black) * slope + ink, 0.0, 1.0)


def _with_local_contrast(grey: Plane, share: float) -> Image:
    """Return luma with small differences from the surroundings increased by `share`."""
    if share == 0:
        return grey
    difference = grey - _surroundings(grey)
    gain = np.exp(-((difference / np.float32(_LOCAL_EDGE)) ** 2))
    return np.clip(grey + np.float32(share) * difference * gain, 0.0, 1.0)


def _surroundings(grey: Plane) -> Image:
    """Return a wide Gaussian mean, computed at a small size."""
    small = _small(grey)
    wide = gaussian(small, max(_LOCAL_SHARE * max(small.shape) / 2, 0.5))
    return np.asarray(cv2.resize(wide, grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _small(image: Image) -> Image:
    """Return the picture, with or without channels, reduced to `_LOOK_SIDE` pixels on the longer side."""
    height, width = image.shape[:2]
    factor = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _toned(rgb: Image, image: Image, look: Image) -> Image:
    """Return grey RGB with the print's hue, strongest in the middle tones and absent in black and white.

    The hue is measured on `look`. Local deviations from that hue, such as hand-tinted cheeks, are added unchanged.
    """
    steps, tone = _tone_curve(to_lab(_small(look)).reshape(-1, 3))
    low, high = np.searchsorted(steps, [_MIDDLE[0], _MIDDLE[1]])
    hue = tone[low:high].mean(axis=0) if high > low else tone.mean(axis=0)
    lab, old = to_lab(rgb), to_lab(image)
    middle = lab[..., 0] * (100 - lab[..., 0]) / 2500
    for channel in (0, 1):
        usual = np.interp(old[..., 0], steps, tone[:, channel]).astype(np.float32)
        lab[..., 1 + channel] = middle * hue[channel] + old[..., 1 + channel] - usual
    return from_lab(lab)


def _tone_curve(lab: Image) -> tuple[Image, Image]:
    """Return the mean L, shape (N,), and the mean a and b, shape (N, 2), of equally many pixels, from dark to light."""
    ranked = lab[np.argsort(lab[:, 0])]
    parts = np.array([part.mean(axis=0) for part in np.array_split(ranked, min(_TONES, len(ranked)))], np.float32)
    return parts[:, 0], parts[:, 1:]
