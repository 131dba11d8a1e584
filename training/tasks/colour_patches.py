"""Patches for a colorizer: the luminance of an old print, and the colours of the photograph."""

import cv2
import numpy as np

from models.networks.fast_colorizer import FOLD
from pipeline.arrays import Image, Image8
from pipeline.methods.lab import to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from training.damage.degrade import fade, film_grain, grey, jpeg, sepia, soften
from training.damage.recipes import Recipe
from training.data import Pair, Photograph

UNDAMAGED = 0.5
"""Share of the patches that are only made grey."""
SHORT_SIDE = 160
"""Pixels to which the short side of larger photographs is reduced: the studio shows the network as many."""


def fit(pixels: Image8, patch: int) -> Image8 | None:
    """Return a photograph at nearly the size of a patch, or None where it has no colours to learn from.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
        RGB.
    patch : int
        The short side becomes at least this long, and at most `SHORT_SIDE`.
    """
    if colour_measure(np.divide(pixels, 255, dtype=np.float32)) <= COLOURED_ABOVE:
        return None
    height, width = pixels.shape[:2]
    short = min(height, width)
    factor = min(max(short, patch), max(patch, SHORT_SIDE)) / short
    if factor == 1:
        return pixels
    size = (max(round(width * factor), patch), max(round(height * factor), patch))
    return np.asarray(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), np.uint8
    )


def cut(photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
    """Return a random square of a photograph, reduced to `side` pixels; RGB in [0, 1].

    Half of the squares are mirrored and none is turned: the network learns that the sky is above.
    """
    photo = photographs[rng.integers(len(photographs))].pixels
    length = int(rng.integers(side, min(photo.shape[:2]) + 1))
    top, left = (rng.integers(whole - length + 1) for whole in photo.shape[:2])
    square = cv2.resize(photo[top : top + length, left : left + length], (side, side), interpolation=cv2.INTER_AREA)
    return square[:, :: rng.choice((-1, 1))].astype(np.float32) / 255


def lightness_and_colours(image: Image, rng: np.random.Generator, damage: Recipe) -> Pair:
    """Return the lightness of a damaged print of a patch, and the patch's colours.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.
    damage : callable
        Makes the print, such as `printed`.

    Returns
    -------
    lightness : ndarray, shape (H, W, 1)
        CIE L of the print.
    ab : ndarray, shape (H / 4, W / 4, 2)
        CIE a and b of the patch.
    """
    size = (image.shape[1] // FOLD, image.shape[0] // FOLD)
    ab = cv2.resize(to_lab(image)[..., 1:], size, interpolation=cv2.INTER_AREA)
    return to_lab(damage(image, rng).astype(np.float32))[..., :1], ab


def printed(image: Image, rng: np.random.Generator) -> Image:
    """Return a black-and-white print of a photograph; half are clean, half have aged.

    Parameters and result are those of a `Recipe`.
    """
    image = grey(image)
    if rng.random() < UNDAMAGED:
        return image
    image = image ** np.float32(rng.uniform(0.7, 1.4))  # contrast of film and paper, and their exposure
    image = soften(image, rng.uniform(0.3, 1.5))
    image = film_grain(image, rng.uniform(0.01, 0.05), rng, size=rng.uniform(0.8, 1.6))
    image = fade(image, rng.uniform(0, 0.2), rng.uniform(0.55, 0.8))
    if rng.random() < 0.4:
        image = scratched(image, rng)
    if rng.random() < 0.5:
        image = sepia(image)  # converted back to grey, its luminance differs a little
    return jpeg(image, int(rng.integers(60, 95))) if rng.random() < 0.5 else image


def scratched(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture with a few scratches and specks, all light or all dark."""
    height, width = image.shape[:2]
    cover = np.zeros((height, width), np.float32)
    for _ in range(rng.integers(1, 5)):
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * (width, height)
        first, last = ends.round().astype(int).tolist()
        cv2.line(cover, first, last, rng.uniform(0.4, 1), 1, cv2.LINE_AA)
    for _ in range(rng.integers(0, 8)):
        centre = (rng.random(2) * (width, height)).astype(int).tolist()
        cv2.circle(cover, centre, int(rng.integers(1, 3)), rng.uniform(0.4, 1), -1, cv2.LINE_AA)
    tone = np.float32(0.95 if rng.random() < 0.75 else 0.05)
    return image + cover[..., None] * (tone - image)
