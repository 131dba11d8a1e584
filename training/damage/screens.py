"""Printed pictures: dots of one ink or of several, on paper, scanned; for the network that removes the dots."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.halftone import Screen, filtered, redrawn
from training.damage.decoys import letters
from training.damage.degrade import film_grain, grey, jpeg, oversharpen, resize, sensor_noise, soften
from training.damage.scratches import Rng

COLOURED = 0.45
"""Share of the prints in several inks."""
ALIASED = 0.375
"""Share of the scans that are sampled without smoothing; the dots of the others are drawn twice as fine and reduced."""

_ANGLES = ((15.0, 75.0, 0.0, 45.0), (15.0, 75.0, 0.0), (15.0, 75.0, 45.0))
"""Usual angles of cyan, magenta, yellow and, in the first, black, in degrees."""
_INKS = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]], np.float32)
"""Red, green and blue that pass through cyan, magenta, yellow and black."""
_LEVELS = 1000
"""Levels of the thresholds of which shares are counted."""


def printed(image: Image, rng: Rng) -> tuple[Image, Image]:
    """Return the scan of a printed picture as the network takes it, and the picture without dots.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    given : ndarray, shape (H, W, 9)
        The scan, its screens, and the scan through notch filters.
    goal : ndarray, shape (H, W, 3)
        The picture in full contrast, in the tints of paper and ink.
    """
    if rng.random() < 0.25:
        image = _lettered(image, rng)
    coloured = rng.random() < COLOURED
    if not coloured:
        image = grey(image)
    height, width = image.shape[:2]
    zoom = rng.uniform(0.75, 1.35) if rng.random() < 0.3 else 1.0
    screens, finer = _screens(rng, coloured), 1 if rng.random() < ALIASED else 2
    size = round(height * zoom), round(width * zoom)
    drawn = [Screen(screen.period * zoom * finer, screen.angle) for screen in screens]
    fine = resize(image, size[0] * finer, size[1] * finer, cv2.INTER_LINEAR)
    print_ = _inked(fine, drawn, rng) if coloured else _one_ink(fine, drawn[0], rng)
    low, high, tint, ink = _paper(rng, coloured)
    scan = _scanned(low + (high - low) * resize(print_, *size, cv2.INTER_AREA), screens[0].period * zoom, rng)
    scan = resize(scan, height, width, cv2.INTER_CUBIC) if zoom != 1 else scan
    if rng.random() < 0.8:
        scan = jpeg(scan, int(rng.integers(72, 98)))
    found = _found(screens, rng)
    return np.concatenate([scan, redrawn(scan, found), filtered(scan, found)], axis=2), (
        tint * (ink + (1 - ink) * image)
    ).astype(np.float32)


def _lettered(image: Image, rng: Rng) -> Image:
    """Return the picture with lines of letters in full ink or in the paper's white."""
    cover = np.zeros(image.shape[:2], np.uint8)
    letters(cover, rng)
    opacity = np.divide(cover, 255, dtype=np.float32)[..., None]
    return image + opacity * (np.float32(rng.random() < 0.4) - image)


def _screens(rng: Rng, coloured: bool) -> list[Screen]:
    """Return the screen of one ink, mostly at 45 degrees, or those of three or four inks."""
    period = float(np.exp(rng.uniform(np.log(2.5), np.log(8))))
    turn = rng.uniform(-6, 6) if rng.random() < 0.6 else rng.uniform(-45, 45)
    if not coloured:
        return [Screen(period, np.deg2rad(45 + turn))]
    angles = np.array(_ANGLES[rng.choice(3, p=[0.5, 0.2, 0.3])])
    if rng.random() < 0.2:
        rng.shuffle(angles)
    return [Screen(period * rng.uniform(0.985, 1.015), np.deg2rad(angle + turn)) for angle in angles]


@dataclass(frozen=True)
class Press:
    """How a press makes dots."""

    slope: float
    """Steepness of their rims."""

    gain: float
    """Spread of the ink in the midtones."""

    clip: float
    """Density below which there are no dots; as much below 1 there is no paper."""

    even: float
    """0 where the threshold is a sum of cosines, which makes contrast steeper; 1 where coverage equals density."""

    shape: float
    """Weight of one direction; 0.5 for round dots, near 0 or 1 for lines."""


def _press(rng: Rng) -> Press:
    even = 0.0 if rng.random() < 0.5 else rng.uniform(0, 1)
    shape = rng.uniform(0.38, 0.62) if rng.random() < 0.85 else rng.choice([0.15, 0.85]) + rng.uniform(-0.1, 0.1)
    return Press(rng.uniform(8, 24), rng.normal(0.01, 0.03), rng.uniform(0, 0.06), even, float(shape))


def _one_ink(image: Image, screen: Screen, rng: Rng) -> Image:
    cover = dots(1 - image[..., 0], screen, _press(rng), rng)
    return np.repeat(1 - cover[..., None], 3, axis=2)


def _inked(image: Image, screens: Sequence[Screen], rng: Rng) -> Image:
    """Return the picture in three inks or, with some of the grey in black, in four."""
    density = 1 - image
    if len(screens) > 3:
        black = np.float32(rng.uniform(0.2, 0.9)) * density.min(axis=2, keepdims=True) ** 2
        density = np.concatenate([(density - black) / (1.001 - black), black], axis=2)
    press = _press(rng)
    result = np.ones_like(image)
    for plate, screen in enumerate(screens):
        cover = dots(density[..., plate], screen, press, rng)
        passes = np.clip(_INKS[plate] + rng.uniform(-0.1, 0.06, 3), 0, 1).astype(np.float32)
        result *= 1 - cover[..., None] * (1 - passes)
    return result


def dots(density: Plane, screen: Screen, press: Press, rng: Rng) -> Plane:
    """Return the share of the paper that ink covers: dots that grow with the density.

    Parameters
    ----------
    density : ndarray, shape (H, W)
        In [0, 1].
    screen : Screen
        Grid of the dots.
    press : Press
        Their shape.
    rng : numpy.random.Generator
        Places the grid.

    Returns
    -------
    ndarray, shape (H, W)
        In [0, 1].
    """
    height, width = density.shape
    step = np.float32(2 * np.pi / screen.period)
    cosine, sine = np.float32(np.cos(screen.angle)), np.float32(np.sin(screen.angle))
    x, y = np.arange(width, dtype=np.float32) * step, np.arange(height, dtype=np.float32)[:, None] * step
    first, second = rng.uniform(0, 2 * np.pi, 2).astype(np.float32)
    across, down = np.cos(x * cosine + y * sine + first), np.cos(y * cosine - x * sine + second)
    threshold = 0.5 + 0.5 * (press.shape * across + (1 - press.shape) * down)
    if press.even:
        levels = (threshold * _LEVELS).astype(np.intp)
        shares = np.bincount(levels.ravel(), minlength=_LEVELS + 1).cumsum(dtype=np.float32) / levels.size
        threshold += np.float32(press.even) * (shares[levels] - threshold)
    density = density + 4 * press.gain * density * (1 - density)
    density = density * (1 + 2 * press.clip) - press.clip
    return (1 / (1 + np.exp(press.slope * (threshold - density)))).astype(np.float32)


def _paper(rng: Rng, coloured: bool) -> tuple[Image, Image, Image, Image]:
    """Return the colours of full ink and of paper in the scan, and the tints of both that the goal keeps."""
    tint, ink = np.ones(3, np.float32), np.zeros(3, np.float32)
    if rng.random() < 0.3:
        tint = np.sort(rng.uniform(0.75, 1, 3))[::-1].astype(np.float32)
        tint /= tint[0]
    if not coloured and rng.random() < 0.2:
        ink = np.sort(rng.uniform(0, 0.3, 3))[::-1].astype(np.float32)
        ink -= ink[2]
    black, white = rng.uniform(0.02, 0.15), rng.uniform(0.84, 1)
    return (black + (white - black) * ink) * tint, white * tint, tint, ink


def _scanned(image: Image, period: float, rng: Rng) -> Image:
    """Return a print as a scanner sees it: a little soft, with the paper's texture and noise, perhaps sharpened.

    A fifth is so soft that the dots become faint.
    """
    image = soften(image, rng.uniform(0.35, 1.0) if rng.random() < 0.8 else rng.uniform(0.15, 0.35) * period)
    if rng.random() < 0.3:
        image = film_grain(image, rng.uniform(0, 0.02), rng, size=rng.uniform(1, 3))
    image = sensor_noise(image, rng.uniform(0, 0.02), rng, shared=rng.uniform(0, 0.7))
    return oversharpen(image, rng.uniform(0.2, 0.8), rng.uniform(0.6, 1.2)) if rng.random() < 0.15 else image


def _found(screens: Sequence[Screen], rng: Rng) -> list[Screen]:
    """Return the screens as a detector finds them: with its errors, at times without a faint one, seldom without any.

    Without any, the network learns to work alone, as where a person wants the stage in spite of the detector.
    """
    if rng.random() < 0.03:
        return []
    seen = [screen for screen in screens if len(screens) == 1 or rng.random() < 0.9]
    return [Screen(each.period * rng.normal(1, 0.002), each.angle + rng.normal(0, 0.003)) for each in seen]
