"""Recipes: random combinations of the damage in `training.damage.degrade`, one for each task.

Real-ESRGAN [1]_ and BSRGAN [2]_ showed that networks trained on such combinations work on real photographs.

Every recipe takes a picture, ndarray of shape (H, W, 3), RGB in [0, 1], and a `numpy.random.Generator`. It returns the
damaged picture, RGB in [0, 1], of the same size or, where it takes a `scale`, as many times smaller.

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
from training.damage.blurs import blurred
from training.damage.degrade import (
    camera,
    fade,
    film_grain,
    grey,
    jpeg,
    oversharpen,
    random_blur,
    random_noise,
    random_resize,
    resize,
    ring,
    sensor_noise,
    sepia,
    soften,
)

Recipe = Callable[[Image, np.random.Generator], Image]
"""Takes a picture (RGB in [0, 1], shape (H, W, 3)) and a random generator; returns the damaged picture."""


def second_order(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Return a picture as it circulates on the internet: blur, resize, noise and JPEG in random order, twice."""
    for size in (_sides(image, np.sqrt(scale) * rng.uniform(0.8, 1.25)), _sides(image, scale)):
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
    """Return the picture of a small or old camera: blur of the lens, a smaller size, noise of the sensor, JPEG."""
    height, width = _sides(image, scale)
    if rng.random() < 0.95:
        image = random_blur(image, rng, 0.4, 1.8)
    image = random_resize(image, rng, height, width)
    image = random_noise(image, rng, 0.002, 0.036)
    return jpeg(image, int(rng.integers(42, 91))) if rng.random() < 0.85 else image


def worn(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture whose detail is to be restored: usually that of a small or old camera.

    One in five stays sharp, so that the network learns to leave sharp pictures unchanged.
    """
    kind = rng.random()
    if kind < 0.1:
        return image
    return camera(image, rng, poor=0.4) if kind < 0.2 else photographed(image, rng)


def copied(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Return a photograph as people find it: scanned or downloaded, sharpened, resized and saved again.

    The first copy has the softness of a lens and the grain of film or paper, is saved as JPEG, and often sharpened too
    much. Some are enlarged. Then follow the final size, noise, sometimes grain, and JPEG again.
    """
    height, width = _sides(image, scale)
    image = random_blur(image, rng, 0.3, 2.0)
    image = random_resize(image, rng, *_sides(image, np.sqrt(scale) * rng.uniform(0.7, 1.4)))
    image = _grained(image, rng, 0.004, 0.04) if rng.random() < 0.75 else random_noise(image, rng, 0, 0.02)
    image = _sharpened(jpeg(image, int(rng.integers(40, 93))), rng)
    if rng.random() < 0.2:
        part = rng.uniform(0.4, 0.9)
        image = random_resize(image, rng, max(16, round(part * height)), max(16, round(part * width)))
    image = _aliased(image, rng, height, width)
    if rng.random() < 0.25:
        image = _grained(image, rng, 0.004, 0.03)
    image = sensor_noise(image, rng.uniform(0, 0.016), rng, shared=0.5)
    return jpeg(image, int(rng.integers(30, 91)))


def ruined(image: Image, rng: np.random.Generator, scale: float = 1) -> Image:
    """Return a picture that has lost nearly all detail: coarse coloured noise, or a tiny JPEG that was enlarged.

    Networks learn from it to stay smooth rather than to draw noise and blocks as texture.
    """
    height, width = _sides(image, scale)
    image = random_blur(image, rng, 0.5, max(1, scale))
    if rng.random() < 0.5:
        image = random_resize(image, rng, height, width)
        image = film_grain(image, rng.uniform(0.02, 0.09), rng, size=rng.uniform(1, 3.5), shared=rng.uniform(0, 0.6))
    else:
        image = random_resize(image, rng, *_sides(image, scale * rng.uniform(1, 2.8)))
        image = random_resize(jpeg(image, int(rng.integers(12, 55))), rng, height, width)
    return jpeg(image, int(rng.integers(30, 96)))


def _sides(image: Image, scale: float) -> tuple[int, int]:
    """Return height and width of a picture made `scale` times smaller, 8 pixels or more."""
    height, width = (max(8, round(side / scale)) for side in image.shape[:2])
    return height, width


def _grained(image: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    """Add coarse grain, as enlarged and scanned prints show it; a quarter of the time in colours."""
    shared = 1 if rng.random() < 0.75 else rng.uniform(0, 0.6)
    return film_grain(image, rng.uniform(low, high), rng, size=rng.uniform(1.5, 4), shared=shared)


def _sharpened(image: Image, rng: np.random.Generator) -> Image:
    """Sharpen half of the pictures too much; give an eighth ripples beside their edges."""
    if rng.random() < 0.5:
        image = oversharpen(image, rng.uniform(0.3, 1.5), rng.uniform(0.7, 1.6))
    return ring(image, rng.uniform(0.35, 0.8)) if rng.random() < 1 / 8 else image


def _aliased(image: Image, rng: np.random.Generator, height: int, width: int) -> Image:
    """Resize by area, linear or cubic interpolation, without the filter that careful programs apply first."""
    return resize(image, height, width, int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])))


def reduced(image: Image, rng: np.random.Generator, scale: int) -> Image:
    """Return a small picture for an upscaler to enlarge; both sides of `image` are multiples of `scale`.

    Of twenty, eight are copies of copies (see `copied`), four have lost their detail (`ruined`), one is as
    `second_order` makes it, two are those of a camera, three are clean, only reduced, and two are soft, like pictures
    that were enlarged before.
    """
    kind = rng.random()
    if kind < 0.75:
        recipe = copied if kind < 0.4 else ruined if kind < 0.6 else second_order if kind < 0.65 else photographed
        return recipe(image, rng, scale)
    small = random_resize(image, rng, image.shape[0] // scale, image.shape[1] // scale)
    return small if kind < 0.9 else camera(soften(small, rng.uniform(0.6, 3)), rng, poor=0.5)


def noisy(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture for a denoiser to clean: with noise or grain, usually compressed as JPEG.

    One in twelve has no noise, so that the network learns to leave clean pictures unchanged.
    """
    if rng.random() < 1 / 12:
        return image
    image = random_noise(image, rng, 0.01, 0.08)
    return jpeg(image, int(rng.integers(70, 96))) if rng.random() < 0.8 else image


def age(image: Image, rng: np.random.Generator) -> Image:
    """Return an old print of a photograph: grey or sepia, faded, slightly soft, with grain, then JPEG."""
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
        "copied": copied,
        "ruined": ruined,
        "noisy": noisy,
        "blurred": blurred,
    }
)
"""Recipes that keep the size, by their names on the command line."""
