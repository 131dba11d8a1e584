"""Recipes of damage: what happens to a photograph on its way to somebody who wants it restored.

Each puts the single damages of `training.degrade` together by chance, and is seeded. Real-ESRGAN showed that
networks learn from such recipes what real photographs need.

References
----------
.. [1] X. Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure
   Synthetic Data", ICCV workshops 2021.
.. [2] K. Zhang et al., "Designing a Practical Degradation Model for Deep Blind Image
   Super-Resolution" (BSRGAN), ICCV 2021.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from training import kernels
from training.degrade import (
    Image,
    blur,
    fade,
    film_grain,
    grey,
    jpeg,
    random_blur,
    random_noise,
    random_resize,
    sensor_noise,
    sepia,
    soften,
)

Recipe = Callable[[Image, np.random.Generator], Image]


def second_order(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Blur, resize, noise and JPEG in random order, twice: a picture that went round the internet.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.
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
    """Blur of the lens, a smaller size, noise of the sensor, JPEG: a small or old camera's picture.

    Parameters and result are those of `second_order`.
    """
    height, width = (round(side / scale) for side in image.shape[:2])
    if rng.random() < 0.95:
        image = random_blur(image, rng, 0.4, 1.8)
    image = random_resize(image, rng, height, width)
    image = random_noise(image, rng, 0.002, 0.036)
    return jpeg(image, int(rng.integers(42, 91))) if rng.random() < 0.85 else image


def reduced(image: Image, rng: np.random.Generator, scale: int) -> Image:
    """Make the small picture that an upscaler is asked to enlarge.

    A fifth of the pictures are only made smaller, for many that one meets are clean; a tenth
    have gone round the internet; the rest come from a small or old camera.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1]; both sides multiples of `scale`.
    rng : numpy.random.Generator
        The source of chance.
    scale : int
        How many times smaller the result is.

    Returns
    -------
    ndarray, shape (H / scale, W / scale, 3)
        RGB in [0, 1].
    """
    kind = rng.random()
    if kind < 0.2:
        return random_resize(image, rng, image.shape[0] // scale, image.shape[1] // scale)
    recipe = second_order if kind < 0.3 else photographed
    return recipe(image, rng, scale)


def noisy(image: Image, rng: np.random.Generator) -> Image:
    """Make the picture that a denoiser is asked to clean: noise or grain, mostly written as a JPEG.

    One in twelve has no noise at all, for a denoiser must leave a clean picture alone.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    if rng.random() < 1 / 12:
        return image
    image = random_noise(image, rng, 0.01, 0.08)
    return jpeg(image, int(rng.integers(70, 96))) if rng.random() < 0.8 else image


def blurred(image: Image, rng: np.random.Generator) -> Image:
    """Make the picture that a deblurrer is asked to sharpen: out of focus, shaken or soft, with faint noise.

    One in eight is sharp, for a deblurrer must leave a sharp picture alone.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    kind = rng.choice(4, p=[0.125, 0.375, 0.4, 0.1])
    if kind == 1:
        image = blur(image, kernels.disk(rng.uniform(1, 4)))
    if kind == 2:
        bend = rng.uniform(-0.3, 0.3) if rng.random() < 0.25 else 0.0
        image = blur(image, kernels.motion(rng.uniform(4, 17), rng.uniform(0, np.pi), bend))
        image = soften(image, rng.uniform(0.2, 0.7))  # no lens is as sharp as the line that is drawn
    if kind == 3:
        image = soften(image, rng.uniform(0.5, 2))
    if rng.random() < 0.9 and kind:
        image = sensor_noise(image, rng.uniform(0.001, 0.01), rng, shared=rng.uniform(0, 0.5))
    return jpeg(image, int(rng.integers(84, 98))) if rng.random() < 0.8 and kind else image


def age(image: Image, rng: np.random.Generator) -> Image:
    """Age a photograph by a lifetime: grey or sepia, faded, a little soft, grained, then a JPEG.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
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
"""Recipes that keep the size, by the names of the command line."""
