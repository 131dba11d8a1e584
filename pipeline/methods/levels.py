"""Tones of old prints: whether they have faded, and how to bring them back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.methods.filters import gaussian, luma
from pipeline.methods.inference import is_neutral
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure

Array = NDArray[np.float32]

BLACK_ABOVE = 0.08
"""Luma of the darkest part above which a photograph, if its span is short too, counts as faded."""

SPAN_BELOW = 0.8
"""Luma from the darkest to the brightest part below which it does."""

_LOOK_SIDE = 384  # grain averages out, and black stays black
_TAIL = 0.1
"""Per cent of the pixels beyond each end; less than dust and glints cover."""

_PAPER = 1.0
"""Per cent of the pixels, at each end, whose colour is taken for that of the paper and of its black."""

_SHAPE = (2.0, 50.0, 98.0)
"""Percentiles of luma whose places between black and white tell how much of a picture is nearly either."""

_INK = (-0.04, 0.685, -0.135, 0.307, -0.025, 0.076)
_LIGHT = (0.334, -0.293, 0.616, 0.001, -0.04, 0.213)
"""Where black and white most likely were, as an offset and factors of both and of the places of `_SHAPE`: the
least-squares fit, in pixels, to 1,336 photographs that ``training.damage.recipes.age`` had aged. By
cross-validation 0.4 dB nearer to the truth than the fit to black and white alone, and 4 dB further than the best line
for each photograph."""

_MOST_INK, _LEAST_LIGHT = 0.1, 0.8
"""Beyond these, a print is more faded rather than less contrasty by nature."""

_NARROWEST = 0.2
"""Span that is stretched at most so far, so that fog stays fog."""

_LOCAL_SHARE = 1 / 24
"""Width of the surroundings that local contrast is measured against, as a part of the longer side."""

_LOCAL_EDGE = 0.15
"""Difference from the surroundings that gains most; edges, which differ more, would get halos."""

_TONES = 16
"""Steps of luminance, each with as many pixels, at which a print's hue is read."""

_MIDDLE = (30.0, 70.0)
"""L of the middle tones, which show the hue best."""


@dataclass(frozen=True)
class Levels:
    """The darkest and the brightest part of a photograph."""

    black: float
    white: float
    """Luma, in [0, 1]."""

    dark_rgb: Array
    light_rgb: Array
    """Their mean colours, shape (3,): the print's black and the paper's white."""

    shape: tuple[float, ...]
    """Places of the percentiles `_SHAPE` between black, 0, and white, 1."""

    @property
    def faded(self) -> bool:
        """Whether black has risen, and little is left up to white."""
        return self.black > BLACK_ABOVE and self.white - self.black < SPAN_BELOW

    @property
    def goals(self) -> tuple[float, float]:
        """Luma that black and white most likely had."""
        signs = (1.0, self.black, self.white, *self.shape)
        ink, light = (float(np.dot(factors, signs)) for factors in (_INK, _LIGHT))
        return min(max(ink, 0.0), _MOST_INK), min(max(light, _LEAST_LIGHT), 1.0)

    def __str__(self) -> str:
        limits = f"above {BLACK_ABOVE:g} and less than {SPAN_BELOW:g} apart it counts as faded"
        return f"its tones reach from {self.black:.2f} to {self.white:.2f}; {limits}"


def measure(image: Array) -> Levels:
    """Find the ends of a photograph's tones, by percentiles that scratches and glints do not move.

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


def revive(image: Array, *, neutral: bool, local_contrast: float) -> Array:
    """Return the photograph with its tones stretched to the full span, and without the cast of age.

    A photograph of one tone is stretched as a whole; its hue is either left in the middle tones, on white paper, or
    taken away. One with colours is stretched channel by channel from the print's black to the paper's white, which
    have the same cast.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    neutral : bool
        Whether sepia and other tones become grey.
    local_contrast : float
        Share, in [0, 1], by which small differences from their surroundings grow.
    """
    levels = measure(image)
    if colour_measure(image) > COLOURED_ABOVE:
        stretched = _stretched(image, *_balanced(levels), levels.goals)
        gain = _with_local_contrast(luma(stretched), local_contrast) - luma(stretched)
        return np.clip(stretched + gain[..., None], 0.0, 1.0)
    grey = _stretched(luma(image), np.float32(levels.black), np.float32(levels.white), levels.goals)
    grey = _with_local_contrast(grey, local_contrast)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    return rgb if neutral or is_neutral(image) else _toned(rgb, image)


def _balanced(levels: Levels) -> tuple[Array, Array]:
    """Return the ends of each channel: as far apart as the tones reach, and of the colours of black and of paper."""
    dark, light = (rgb - luma(rgb.reshape(1, 1, 3)).item() for rgb in (levels.dark_rgb, levels.light_rgb))
    return np.float32(levels.black) + dark, np.float32(levels.white) + light


def _stretched(
    values: Array, black: Array | np.float32, white: Array | np.float32, goals: tuple[float, float]
) -> Array:
    """Move `black` and `white` to their goals, and all between linearly."""
    ink, light = (np.float32(goal) for goal in goals)
    slope = (light - ink) / np.maximum(white - black, np.float32(_NARROWEST))
    return np.clip((values - black) * slope + ink, 0.0, 1.0)


def _with_local_contrast(grey: Array, share: float) -> Array:
    """Return luma whose small differences from their surroundings have grown."""
    if share == 0:
        return grey
    difference = grey - _surroundings(grey)
    gain = np.exp(-((difference / np.float32(_LOCAL_EDGE)) ** 2))
    return np.clip(grey + np.float32(share) * difference * gain, 0.0, 1.0)


def _surroundings(grey: Array) -> Array:
    """Return a wide Gaussian mean; so wide that it can be taken of a small picture."""
    small = _small(grey)
    wide = gaussian(small, max(_LOCAL_SHARE * max(small.shape) / 2, 0.5))
    return np.asarray(cv2.resize(wide, grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _small(image: Array) -> Array:
    """Return a picture, with or without channels, at the size to look at."""
    height, width = image.shape[:2]
    factor = min(1.0, _LOOK_SIDE / max(height, width))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _toned(rgb: Array, image: Array) -> Array:
    """Return grey RGB with the print's hue, full in the middle tones, and none in black and on white paper.

    What differs from the hue that the print has at a luminance, such as tinted cheeks, goes on top as it is.
    """
    steps, tone = _tone_curve(to_lab(_small(image)).reshape(-1, 3))
    low, high = np.searchsorted(steps, [_MIDDLE[0], _MIDDLE[1]])
    hue = tone[low:high].mean(axis=0) if high > low else tone.mean(axis=0)
    lab, old = to_lab(rgb), to_lab(image)
    middle = lab[..., 0] * (100 - lab[..., 0]) / 2500
    for channel in (0, 1):
        usual = np.interp(old[..., 0], steps, tone[:, channel]).astype(np.float32)
        lab[..., 1 + channel] = middle * hue[channel] + old[..., 1 + channel] - usual
    return from_lab(lab)


def _tone_curve(lab: Array) -> tuple[Array, Array]:
    """Return mean L, shape (N,), and mean a and b, shape (N, 2), of equal parts of the pixels, from dark to light."""
    ranked = lab[np.argsort(lab[:, 0])]
    parts = np.array([part.mean(axis=0) for part in np.array_split(ranked, min(_TONES, len(ranked)))], np.float32)
    return parts[:, 0], parts[:, 1:]
