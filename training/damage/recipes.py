"""Recipes: random combinations of the damage in `training.damage.degrade`, one for each task.

Real-ESRGAN [1]_ and BSRGAN [2]_ showed that networks trained on such combinations work on real photographs.

References
----------
.. [1] X. Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure
   Synthetic Data", ICCV workshops 2021.
.. [2] K. Zhang et al., "Designing a Practical Degradation Model for Deep Blind Image
   Super-Resolution" (BSRGAN), ICCV 2021.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.methods import kernels
from pipeline.methods.deconvolution import Blur, wiener
from training.damage.degrade import (
    blur,
    fade,
    film_grain,
    grey,
    jpeg,
    random_blur,
    random_noise,
    random_resize,
    resize,
    sensor_noise,
    sepia,
    soften,
)

Recipe = Callable[[Image, np.random.Generator], Image]
"""Takes a picture (RGB in [0, 1], shape (H, W, 3)) and a random generator; returns the damaged picture."""


def second_order(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Return a picture as it circulates on the internet: blur, resize, noise and JPEG in random order, twice.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.
    scale : float
        How many times smaller the result is.

    Returns
    -------
    ndarray, shape (round(H / scale), round(W / scale), 3)
        RGB in [0, 1].
    """
    height, width = (round(side / scale) for side in image.shape[:2])
    between = np.sqrt(scale) * rng.uniform(0.8, 1.25)
    sizes = [[max(8, round(side / between)) for side in image.shape[:2]], [height, width]]
    for size in sizes:
        steps: list[Recipe] = [
            lambda x, r: random_blur(x, r, 0.2, 1.2),
            lambda x, r, size=size: random_resize(x, r, *size),  # type: ignore[misc]
            lambda x, r: random_noise(x, r, 0.0, 0.03),
            lambda x, r: jpeg(x, int(r.integers(50, 96))),
        ]
        for index in rng.permutation(len(steps)):
            if rng.random() < 0.75 or index == 1:
                image = steps[index](image, rng)
    return image


def photographed(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Return the picture of a small or old camera: blur of the lens, a smaller size, noise of the sensor, JPEG.

    Parameters and result are those of `second_order`.
    """
    height, width = (round(side / scale) for side in image.shape[:2])
    if rng.random() < 0.95:
        image = random_blur(image, rng, 0.4, 1.8)
    image = random_resize(image, rng, height, width)
    image = random_noise(image, rng, 0.002, 0.036)
    return jpeg(image, int(rng.integers(42, 91))) if rng.random() < 0.85 else image


def worn(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture whose detail is to be restored: usually that of a small or old camera.

    One in five stays sharp, so that the network learns to leave sharp pictures unchanged.

    Parameters and result are those of a `Recipe`.
    """
    kind = rng.random()
    if kind < 0.1:
        return image
    return _camera(image, rng, poor=0.4) if kind < 0.2 else photographed(image, rng)


def reduced(image: Image, rng: np.random.Generator, scale: int) -> Image:
    """Return a small picture for an upscaler to enlarge.

    A fifth of the pictures are clean, only reduced; a tenth are as `second_order` makes them; an eighth are soft, like
    pictures that were enlarged before; the rest are as `photographed` makes them.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1]; both sides multiples of `scale`.
    rng : numpy.random.Generator
        Random generator.
    scale : int
        How many times smaller the result is.

    Returns
    -------
    ndarray, shape (H / scale, W / scale, 3)
        RGB in [0, 1].
    """
    kind = rng.random()
    if 0.2 <= kind <= 7 / 8:
        recipe = second_order if kind < 0.3 else photographed
        return recipe(image, rng, scale)
    small = random_resize(image, rng, image.shape[0] // scale, image.shape[1] // scale)
    return small if kind < 0.2 else _camera(soften(small, rng.uniform(0.6, 3)), rng, poor=0.5)


def noisy(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture for a denoiser to clean: with noise or grain, usually compressed as JPEG.

    One in twelve has no noise, so that the network learns to leave clean pictures unchanged.

    Parameters and result are those of a `Recipe`.
    """
    if rng.random() < 1 / 12:
        return image
    image = random_noise(image, rng, 0.01, 0.08)
    return jpeg(image, int(rng.integers(70, 96))) if rng.random() < 0.8 else image


def blurred(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture for a deblurrer to sharpen: out of focus, shaken or soft, with faint noise.

    One in eight is sharp, so that the network learns to leave sharp pictures unchanged.

    Parameters and result are those of a `Recipe`.
    """
    return known_blur(image, rng)[0]


def known_blur(image: Image, rng: np.random.Generator) -> tuple[Image, Blur]:
    """Return a picture as `blurred` makes it, and its blur, which an estimator has to find."""
    softer, found = _some_blur(image, rng)
    return image if softer is image else _camera(softer, rng), found


def guessed(image: Image, rng: np.random.Generator) -> Image:
    """Return the two pictures that the bundled deblurrer takes: the blurred one, and its Wiener deconvolution.

    The deconvolution uses a kernel close to the true one, as the blur estimator finds it. Where no simple kernel
    exists, and in one of ten other pictures, the second picture is the blurred one itself. In one of ten the kernel is
    wrong, so that the network learns to recognise a wrong deconvolution.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    ndarray, shape (H, W, 6)
        Two RGB pictures in [0, 1].
    """
    taken, found = known_blur(image, rng)
    estimate = (_miss, _near, _wrong)[rng.choice(3, p=[0.1, 0.8, 0.1])]
    kernel = estimate(found, rng).kernel()
    return np.concatenate([taken, taken if kernel is None else wiener(taken, kernel)], axis=2)


def _some_blur(image: Image, rng: np.random.Generator) -> tuple[Image, Blur]:
    """Return a blurred picture and its blur; a sharp one is returned as the same object."""
    kind = rng.choice(6, p=[0.12, 0.34, 0.3, 0.07, 0.07, 0.1])
    if kind == 1:
        found = Blur("defocus", rng.uniform(1, 4.5))
        return blur(image, kernels.disk(found.size)), found
    length, angle = rng.uniform(4, 18), rng.uniform(0, np.pi)
    lens = rng.uniform(0.3, 0.7)  # the drawn line is sharper than any lens
    if kind == 2:
        return soften(blur(image, kernels.motion(length, angle)), lens), Blur("motion", length, angle)
    if kind == 3:
        arc = kernels.motion(length, angle, bend=rng.choice([-1, 1]) * rng.uniform(0.15, 0.4))
        return soften(blur(image, arc), lens), Blur("other")
    if kind == 4:
        return soften(image, rng.uniform(0.4, 4)), Blur("other")
    return (_enlarged(image, rng) if kind == 5 else image), Blur("other")


def _enlarged(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture that was reduced and enlarged again, like an enlarged thumbnail."""
    height, width = image.shape[:2]
    factor = rng.uniform(1.5, 8)
    small = random_resize(image, rng, max(8, round(height / factor)), max(8, round(width / factor)))
    if rng.random() < 0.5:
        small = jpeg(small, int(rng.integers(50, 96)))
    way = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4])
    return resize(small, height, width, int(way))


def _camera(image: Image, rng: np.random.Generator, poor: float = 0) -> Image:
    """Add faint noise and a good JPEG; with probability `poor` more noise, or a poor JPEG."""
    if rng.random() < 0.9:
        sigma = rng.uniform(0.01, 0.03) if rng.random() < poor else rng.uniform(0.001, 0.01)
        image = sensor_noise(image, sigma, rng, shared=rng.uniform(0, 0.5))
    if rng.random() < 0.8:
        image = jpeg(image, int(rng.integers(45, 75) if rng.random() < poor else rng.integers(75, 98)))
    return image


def _miss(true: Blur, rng: np.random.Generator) -> Blur:
    """Estimate that there is no blur."""
    return Blur("other")


def _wrong(true: Blur, rng: np.random.Generator) -> Blur:
    """Estimate a wrong blur."""
    if rng.random() < 0.5:
        return Blur("defocus", rng.uniform(1, 3))
    return Blur("motion", rng.uniform(4, 18), rng.uniform(0, np.pi))


def _near(true: Blur, rng: np.random.Generator) -> Blur:
    """Estimate the true blur with about the errors of the blur estimator."""
    if true.kind == "defocus":
        return Blur("defocus", max(0.8, true.size + rng.normal(0, 0.06)))
    if true.kind == "motion":
        turn = rng.normal(0, np.radians(14) / true.size**0.5)
        return Blur("motion", max(3, true.size + rng.normal(0, 0.45)), true.angle + turn)
    return true


def age(image: Image, rng: np.random.Generator) -> Image:
    """Return an old print of a photograph: grey or sepia, faded, slightly soft, with grain, then JPEG.

    Parameters and result are those of a `Recipe`.
    """
    image = soften(grey(image), rng.uniform(0.5, 1.3))
    image = film_grain(image, rng.uniform(0.02, 0.045), rng, size=rng.uniform(0.8, 1.6))
    image = fade(image, rng.uniform(0.08, 0.2), rng.uniform(0.6, 0.78))
    if rng.random() < 0.7:
        image = sepia(image)
    return jpeg(image, int(rng.integers(70, 93)))


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "old_photo": age,
        "camera": photographed,
        "internet": second_order,
        "noisy": noisy,
        "blurred": blurred,
    }
)
"""Recipes that keep the size, by their names on the command line."""
