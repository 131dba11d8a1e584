"""Colour photographs as a colorizer meets them: the luminance of an old print, and the colours that it had."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from models.networks.fast_colorizer import FOLD
from pipeline.methods.lab import to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from training.damage.degrade import Image, fade, film_grain, grey, jpeg, sepia, soften
from training.damage.recipes import Recipe
from training.data import Photograph

UNDAMAGED = 0.5
"""Part of the patches that are only made grey."""
SHORT_SIDE = 160
"""Pixels to which the short side of larger photographs is reduced: what the studio shows the network."""


def fit(pixels: NDArray[np.uint8], patch: int) -> NDArray[np.uint8] | None:
    """Bring a photograph near the size of a patch; None where it has no colours to learn from.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
        RGB.
    patch : int
        The short side is made at least as long, and at most `SHORT_SIDE`.
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


def printed(image: Image, rng: np.random.Generator) -> Image:
    """Make the black-and-white photograph that somebody wants coloured: half are as they were, half have aged.

    Parameters and result are those of a `Recipe`.
    """
    image = grey(image)
    if rng.random() < UNDAMAGED:
        return image
    image = image ** np.float32(rng.uniform(0.7, 1.4))  # of film and paper, and of how long either saw light
    image = soften(image, rng.uniform(0.3, 1.5))
    image = film_grain(image, rng.uniform(0.01, 0.05), rng, size=rng.uniform(0.8, 1.6))
    image = fade(image, rng.uniform(0, 0.2), rng.uniform(0.55, 0.8))
    if rng.random() < 0.4:
        image = scratched(image, rng)
    if rng.random() < 0.5:
        image = sepia(image)  # its luminance, once it is taken back to grey, is a little another
    return jpeg(image, int(rng.integers(60, 95))) if rng.random() < 0.5 else image


def scratched(image: Image, rng: np.random.Generator) -> Image:
    """Lay a few scratches and specks over a picture, all light or all dark."""
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


class ColourPatches(Dataset[tuple[Tensor, Tensor]]):
    """Random squares of photographs, perhaps mirrored: never turned, for the sky is above.

    Parameters
    ----------
    photographs : list of Photograph
        What to cut from; no side below `patch`.
    patch : int
        Side of the patch in pixels; larger squares are reduced to it.
    damage : callable
        Makes the print, of whose luminance the colours are to be guessed.
    count : int
        How many there are.
    seed : int
        Patch `i` depends on the seed and on `i` alone.
    """

    def __init__(self, photographs: list[Photograph], patch: int, damage: Recipe, count: int, *, seed: int) -> None:
        self.photographs = photographs
        self.patch = patch
        self.damage = damage
        self.count = count
        self.seed = seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Patch number `index`: CIE L, (1, patch, patch), and ab a quarter as large, (2, patch / 4, patch / 4)."""
        rng = np.random.default_rng((self.seed, index))
        photo = self.photographs[rng.integers(len(self.photographs))].pixels
        side = int(rng.integers(self.patch, min(photo.shape[:2]) + 1))
        top, left = (rng.integers(length - side + 1) for length in photo.shape[:2])
        square = cv2.resize(
            photo[top : top + side, left : left + side], (self.patch,) * 2, interpolation=cv2.INTER_AREA
        )
        clean: Image = square[:, :: rng.choice((-1, 1))].astype(np.float32) / 255
        ab = cv2.resize(to_lab(clean)[..., 1:], (self.patch // FOLD,) * 2, interpolation=cv2.INTER_AREA)
        lightness = to_lab(self.damage(clean, rng).astype(np.float32))[..., :1]
        return _to_tensor(lightness), _to_tensor(ab)


def _to_tensor(image: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
