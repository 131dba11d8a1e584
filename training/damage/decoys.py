"""Decoys: lines, stripes and letters that look like damage but belong to the picture.

They are drawn before the picture is aged, in its own colours, and behind its objects, so that a network does not learn
that every thin line is a scratch.
"""

from collections.abc import Callable

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from training.damage.degrade import soften
from training.damage.scratches import Cover, Rng, walk

_LETTERS = np.array(list("ABCDEFGHIKLMNOPRSTUVWabcdefghiklmnoprstuvw0123456789"))
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


_MARGINS = 0.06
"""Share of the patches with the margin of a print."""


def decorated(image: Image, rng: Rng) -> Image:
    """Return a picture with random decoys.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    for kind, chance in KINDS:
        if rng.random() < chance:
            cover = np.zeros(image.shape[:2], np.uint8)
            kind(cover, rng)
            opacity = soften(np.divide(cover, 255, dtype=np.float32), rng.uniform(0.4, 1.2)) * _behind(image, rng)
            image = image + opacity[..., None] * (_own_colour(image, rng) - image)
    return np.clip(_margin(image, rng) if rng.random() < _MARGINS else image, 0, 1)


def _own_colour(image: Image, rng: Rng) -> Image:
    """Return a colour of the picture, shape (3,), perhaps darker; seldom as light as paper or as dark as dirt.

    If decoys were as dark as dirt, a network would learn to leave all dark lines unmarked.
    """
    height, width = image.shape[:2]
    return image[rng.integers(height), rng.integers(width)] * np.float32(rng.uniform(0.6, 1))


def _behind(image: Image, rng: Rng) -> Plane:
    """Return 1 where the picture is lighter (or darker) than a random value, else 0: foreground objects hide lines."""
    grey = soften(image, 2).mean(axis=2)
    limit = np.percentile(grey, rng.uniform(10, 60))
    return np.asarray(grey > limit if rng.random() < 0.6 else grey < limit, np.float32)


def wires(cover: Cover, rng: Rng) -> None:
    """Draw wires hanging side by side."""
    height, width = cover.shape
    x = np.linspace(-0.1, 1.1, 40)
    sag, tilt, top = rng.uniform(0, 0.3), rng.normal(0, 0.4), rng.uniform(0, 1)
    thickness = int(rng.integers(1, 4))
    for number in range(rng.integers(1, 6)):
        y = top + tilt * (x - 0.5) + 4 * sag * x * (1 - x) + number * rng.uniform(0.03, 0.1)
        points = np.stack([x * width, y * height], axis=1)
        _line(cover, points if rng.random() < 0.7 else points[:, ::-1], thickness)


def frames(cover: Cover, rng: Rng) -> None:
    """Draw straight lines that cross at right angles, as in windows, fences and tiles."""
    height, width = cover.shape
    pitch, thickness = rng.uniform(15, 90, 2), int(rng.integers(1, 5))
    for x in np.arange(rng.uniform(0, pitch[0]), width, pitch[0]):
        _line(cover, np.array([[x, -5], [x + rng.normal(0, 1), height + 5]]), thickness)
    if rng.random() < 0.6:
        for y in np.arange(rng.uniform(0, pitch[1]), height, pitch[1]):
            _line(cover, np.array([[-5, y], [width + 5, y + rng.normal(0, 1)]]), thickness)


def stripes(cover: Cover, rng: Rng) -> None:
    """Draw striped cloth: many parallel lines inside an ellipse."""
    size = np.array(cover.shape[::-1])
    angle, pitch, thickness = rng.uniform(0, np.pi), rng.uniform(5, 18), int(rng.integers(1, 5))
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    cloth = np.zeros_like(cover)
    for offset in np.arange(-size.max(), size.max(), pitch):
        middle = size / 2 + offset * across
        _line(cloth, np.stack([middle - 2 * size.max() * along, middle + 2 * size.max() * along]), thickness)
    outline = np.zeros_like(cover)
    centre, axes = rng.uniform(0, 1, 2) * size, rng.uniform(0.1, 0.5, 2) * size
    cv2.ellipse(outline, centre.astype(int).tolist(), axes.astype(int).tolist(), rng.uniform(0, 180), 0, 360, 255, -1)
    np.copyto(cover, np.minimum(cloth, outline))


def letters(cover: Cover, rng: Rng) -> None:
    """Draw some lines of letters."""
    height, width = cover.shape
    font, scale, thickness = int(rng.choice(_FONTS)), rng.uniform(0.3, 1.8), int(rng.integers(1, 4))
    x, y = int(rng.uniform(-0.2, 0.6) * width), int(rng.uniform(0.1, 0.9) * height)
    for number in range(rng.integers(1, 4)):
        text = "".join(rng.choice(_LETTERS, rng.integers(3, 14)))
        cv2.putText(cover, text, (x, y + int(number * 40 * scale)), font, scale, 255, thickness, cv2.LINE_AA)


def whiskers(cover: Cover, rng: Rng) -> None:
    """Draw whiskers, grass or hair: curved lines that spread from nearly one point."""
    root = rng.uniform(0, 1, 2) * cover.shape[::-1]
    middle = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(4, 14)):
        start = (root + rng.normal(0, 5, 2)).astype(np.float32)
        _line(cover, walk(start, middle + rng.normal(0, 0.4), rng.uniform(20, 120), 0.12, rng), int(rng.integers(1, 3)))


def _margin(image: Image, rng: Rng) -> Image:
    """Return the picture with the white margin of a print on one or two sides."""
    image = image.copy()
    paper = np.float32(rng.uniform(0.8, 1))
    for _ in range(rng.integers(1, 3)):
        view = np.rot90(image, int(rng.integers(4)))
        view[: rng.integers(3, 30)] = paper  # changes the image too
    return image


def _line(cover: Cover, points: Image, thickness: int) -> None:
    cv2.polylines(cover, [np.round(points * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)


KINDS: tuple[tuple[Callable[[Cover, Rng], None], float], ...] = (
    (wires, 0.08),
    (frames, 0.06),
    (stripes, 0.06),
    (letters, 0.08),
    (whiskers, 0.08),
)
"""Every kind of decoy, and the share of patches that have it."""
