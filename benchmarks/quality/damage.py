"""Damage whose truth is known, on which quality is measured.

Random numbers are seeded by the names of task and photograph alone, so the same folder gives the same pixels on every
machine with the same OpenCV. The recipes' numbers are part of the protocol: after a change, earlier results cannot be
compared any more. The damage that networks are trained on is separate, in ``training/damage/recipes.py``.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from pipeline.arrays import Image, Image8, Plane

Rng = np.random.Generator
Recipe = Callable[[Image, Rng], Image]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in Rec. 601 luma."""

SEPIA = np.array([1.05, 0.97, 0.82], np.float32)

_MULTIPLE = 8
_SUBPIXELS = 8
_COLOURLESS = 0.01


@dataclass(frozen=True)
class Case:
    """A picture to restore and its truth, as read from 8-bit files."""

    damaged: Image
    """RGB in [0, 1], shape (h, w, 3); smaller than the truth in tasks of upscaling."""

    truth: Image
    """RGB in [0, 1], shape (H, W, 3); both sides are multiples of 8."""


def make(task: str, name: str, photograph: Image) -> Case:
    """Return a photograph damaged for a task.

    Parameters
    ----------
    task : str
        One of `RECIPES`.
    name : str
        Stem of the photograph's file; with the task, it is the seed of the damage.
    photograph : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; it is cropped at the right and the bottom to multiples of 8.

    Returns
    -------
    Case

    Examples
    --------
    >>> make("upscale4_clean", "grey", np.full((70, 64, 3), 0.5, np.float32)).damaged.shape
    (16, 16, 3)
    """
    height, width = (side - side % _MULTIPLE for side in photograph.shape[:2])
    truth = photograph[:height, :width]
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(f"{task}/{name}".encode())))
    damaged = RECIPES[task](truth, rng)
    return Case(_eight_bits(damaged), _eight_bits(_grey(truth) if task == "old_photo" else truth))


def has_colour(photograph: Image) -> bool:
    """Return whether a photograph has colours for a colorizer to recover."""
    return float(np.abs(photograph - photograph.mean(2, keepdims=True)).mean()) >= _COLOURLESS


# Recipes


def _clean(factor: int) -> Recipe:
    return lambda truth, rng: _reduced(truth, factor)


def _real(factor: int) -> Recipe:
    """Return a recipe of reduction with lens blur, sensor noise and JPEG."""

    def recipe(truth: Image, rng: Rng) -> Image:
        small = _reduced(_softened(truth, rng.uniform(0.6, 1.6)), factor)
        return _jpeg(_noisy(small, rng.uniform(2, 8), rng, shared=0.3), rng.integers(50, 86))

    return recipe


def _denoise(truth: Image, rng: Rng) -> Image:
    return _jpeg(_noisy(truth, rng.uniform(6, 16), rng, shared=0.5), rng.integers(75, 93))


def _defocus(truth: Image, rng: Rng) -> Image:
    return _blurred(truth, _disk(rng.uniform(1.5, 3.5)), rng)


def _motion(truth: Image, rng: Rng) -> Image:
    return _blurred(truth, _path(rng.uniform(5, 15), rng.uniform(0, np.pi)), rng)


def _sharp(truth: Image, rng: Rng) -> Image:
    """Return the photograph undamaged; a restorer must not change it."""
    return truth


def _colorize(truth: Image, rng: Rng) -> Image:
    return _grey(truth)


def _scratches(truth: Image, rng: Rng) -> Image:
    """Add scratches, dust and, in half of the pictures, a fold; all nearly white or all nearly black."""
    cover = np.zeros(truth.shape[:2], np.float32)
    for draw, fewest, most in ((_scratch, 3, 8), (_speck, 10, 49)):
        for _ in range(rng.integers(fewest, most + 1)):
            draw(cover, rng)
    if rng.random() < 0.5:
        _fold(cover, rng)
    is_light, light, dark = rng.random() < 0.75, rng.uniform(0.8, 1.0), rng.uniform(0.0, 0.2)
    tone = np.float32(light if is_light else dark)
    alpha = _softened(cover, 0.6)[..., None]
    return np.clip(truth * (1 - alpha) + tone * alpha, 0, 1)


def _face(truth: Image, rng: Rng) -> Image:
    """Return a face as it is found in old and small photographs: soft, reduced by up to 6, with noise and JPEG."""
    soft = _softened(truth, float(np.exp(rng.uniform(np.log(0.2), np.log(3.5)))))
    factor = rng.uniform(1, 6)
    height, width = truth.shape[:2]
    small = cv2.resize(soft, (round(width / factor), round(height / factor)), interpolation=cv2.INTER_AREA)
    small = _jpeg(_noisy(small, rng.uniform(0, 12), rng, shared=0.5), rng.integers(40, 96))
    return np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def _old_photo(truth: Image, rng: Rng) -> Image:
    """Return a grey print, scratched, faded, grainy and often toned; its truth is the grey photograph."""
    scratched = _scratches(_softened(_grey(truth), rng.uniform(0.5, 1.3)), rng)
    faded = rng.uniform(0.08, 0.2) + scratched * rng.uniform(0.6, 0.8)
    print_ = _noisy(faded, rng.uniform(4, 12), rng, shared=1.0)
    if rng.random() < 0.6:
        print_ = np.clip(print_ * SEPIA, 0, 1)
    return _jpeg(print_, rng.integers(70, 93))


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "upscale4_clean": _clean(4),
        "upscale4_real": _real(4),
        "upscale2_clean": _clean(2),
        "upscale2_real": _real(2),
        "upscale1_real": _real(1),
        "denoise": _denoise,
        "defocus": _defocus,
        "motion": _motion,
        "sharp": _sharp,
        "colorize": _colorize,
        "scratches": _scratches,
        "old_photo": _old_photo,
        "face": _face,
    }
)
"""The recipe of each task."""


# Single damages


def _eight_bits(image: Image) -> Image:
    return _floats(_bytes(image))


def _floats(picture: Image8) -> Image:
    return picture.astype(np.float32) / np.float32(255)


def _bytes(image: Image) -> Image8:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def _grey(image: Image) -> Image:
    return np.repeat((image @ LUMA)[..., None], 3, 2)


def _reduced(image: Image, factor: int) -> Image:
    height, width = image.shape[:2]
    return cv2.resize(image, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


def _softened(image: Image, sigma: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _noisy(image: Image, sigma: float, rng: Rng, *, shared: float) -> Image:
    """Add Gaussian noise of `sigma` steps of 255; the channels share the part `shared` of its variance."""
    own = rng.normal(0, sigma / 255, image.shape)
    common = rng.normal(0, sigma / 255, (*image.shape[:2], 1))
    noise = np.sqrt(1 - shared) * own + np.sqrt(shared) * common
    return np.clip(image + noise.astype(np.float32), 0, 1)


def _jpeg(image: Image, quality: np.integer | int) -> Image:
    options = [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    _, data = cv2.imencode(".jpg", _bytes(image)[..., ::-1], options)
    return _floats(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def _blurred(truth: Image, kernel: Plane, rng: Rng) -> Image:
    """Blur, then add a little noise and a good JPEG, as a camera does."""
    blurred = cv2.filter2D(truth, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return _jpeg(_noisy(blurred, 1, rng, shared=0.0), 92)


def _disk(radius: float) -> Plane:
    """Return the kernel of defocus, with smooth edges; it sums to 1."""
    size = 2 * int(np.ceil(radius)) + 3
    position = (np.arange(size * _SUBPIXELS) + 0.5) / _SUBPIXELS - size / 2
    inside = position[:, None] ** 2 + position[None, :] ** 2 <= radius**2
    kernel = inside.astype(np.float32).reshape(size, _SUBPIXELS, size, _SUBPIXELS).mean((1, 3))
    return kernel / kernel.sum()


def _path(length: float, angle: float) -> Plane:
    """Return the kernel of straight, even motion; it sums to 1."""
    size = int(np.ceil(length)) | 1
    along = np.linspace(-length / 2, length / 2, 16 * size)
    steps = np.stack([along * np.sin(angle), along * np.cos(angle)])
    row, column = np.clip(np.round(size // 2 + steps), 0, size - 1).astype(np.intp)
    kernel = np.zeros((size, size), np.float32)
    np.add.at(kernel, (row, column), 1)
    kernel = _softened(kernel, 0.5)
    return kernel / kernel.sum()


def _scratch(cover: Plane, rng: Rng) -> None:
    """Draw a long, thin, nearly vertical scratch."""
    height, width = cover.shape
    x = rng.uniform(0, width)
    drift = rng.normal(0, 0.15)
    top, bottom = sorted(rng.uniform(-0.1, 1.1, 2) * height)
    y = np.linspace(top, max(bottom, top + 0.25 * height), 24)
    xs = x + np.cumsum(drift * height / 24 + rng.normal(0, 0.6, y.size))
    points = np.stack([xs, y], axis=1).astype(np.float32).round().astype(np.int32)
    cv2.polylines(cover, [points], False, rng.uniform(0.6, 1), int(rng.integers(1, 4)), cv2.LINE_AA)


def _speck(cover: Plane, rng: Rng) -> None:
    """Draw a speck of dust."""
    height, width = cover.shape
    centre = int(rng.integers(0, width)), int(rng.integers(0, height))
    axes = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    angle, tone = rng.uniform(0, 180), rng.uniform(0.5, 1)
    cv2.ellipse(cover, centre, axes, angle, 0, 360, tone, -1, cv2.LINE_AA)


def _fold(cover: Plane, rng: Rng) -> None:
    """Draw a fold from one side of the picture to the other."""
    height, width = cover.shape
    first, second = rng.uniform(0.1, 0.9, 2)
    if rng.random() < 0.5:
        ends = (0, int(first * height)), (width, int(second * height))
    else:
        ends = (int(first * width), 0), (int(second * width), height)
    cv2.line(cover, *ends, rng.uniform(0.6, 1), int(rng.integers(2, 6)), cv2.LINE_AA)
