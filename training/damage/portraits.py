"""Damage of faces in family photographs, after the model of GFPGAN [1]_ and with that of old prints.

References
----------
.. [1] X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior" (GFPGAN), CVPR 2021.
"""

import cv2
import numpy as np

from pipeline.arrays import Image
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
    sepia,
)
from training.damage.scratches import damaged
from training.damage.screens import printed

LEAST, MOST = 1.0, 6.0
"""Factors by which a damaged face was smaller."""
SIDE = 256
"""Side in pixels of the face for which the sizes of blur and grain are meant."""


def toned(image: Image, rng: np.random.Generator) -> Image:
    """Return a face in the tones of some photograph, which restoring it has to keep: grey, brown, faded, dark."""
    kind = rng.random()
    if kind < 0.35:
        image = grey(image) if kind < 0.25 else sepia(image)
    if rng.random() < 0.3:
        image = fade(image, rng.uniform(0, 0.16), rng.uniform(0.55, 0.84))
    elif rng.random() < 0.4:
        image = np.clip(image, 0, 1) ** np.float32(rng.uniform(0.7, 1.4))
    return image


def aged(image: Image, rng: np.random.Generator) -> Image:
    """Return a face as it stands in some photograph: small, soft, noisy, grainy, compressed, printed or scratched.

    One in eight is nearly clean, so that good faces are left alone.
    """
    if rng.random() < 0.125:
        return camera(image, rng) if rng.random() < 0.6 else image
    if rng.random() < 0.08:
        image = _printed(image, rng)
    small = _reduced(image, rng)
    if rng.random() < 0.4:
        small = _again(small, rng)
    image = random_resize(small, rng, *image.shape[:2])
    if rng.random() < 0.25:
        image = film_grain(image, rng.uniform(0.01, 0.04), rng, size=rng.uniform(1.5, 5), shared=rng.choice([1, 0.4]))
    if rng.random() < 0.1:
        image = damaged(image, rng)[0]
    return jpeg(image, int(rng.integers(40, 96))) if rng.random() < 0.4 else image


def _reduced(image: Image, rng: np.random.Generator) -> Image:
    """Blur, reduce, add noise, compress."""
    unit = image.shape[0] / SIDE
    factor = LEAST * (MOST / LEAST) ** rng.random()
    if rng.random() < 0.85:
        image = random_blur(image, rng, 0.2 * unit, (0.5 + 0.75 * factor) * unit)
    image = random_resize(image, rng, *_sides(image, factor))
    if rng.random() < 0.3:
        image = film_grain(image, rng.uniform(0.005, 0.05), rng, size=rng.uniform(0.8, 2.5))
    else:
        image = random_noise(image, rng, 0.0, 0.05)
    return jpeg(image, int(rng.integers(30, 96))) if rng.random() < 0.8 else image


def _again(image: Image, rng: np.random.Generator) -> Image:
    """Copy a small picture: sharpened too much or not, resized, compressed again."""
    if rng.random() < 0.4:
        image = oversharpen(image, rng.uniform(0.3, 1.2), rng.uniform(0.7, 1.6))
    image = random_resize(image, rng, *_sides(image, rng.uniform(0.7, 1.4)))
    return jpeg(image, int(rng.integers(40, 96)))


def _printed(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture with the dots of a printing press, a little softened, in the tones that it had."""
    scan = cv2.GaussianBlur(printed(image, rng)[0][..., :3], (0, 0), rng.uniform(0.8, 1.6))
    (low, spread), (mean, deviation) = (_tones(x) for x in (scan, image))
    return np.clip((scan - low) * (deviation / spread) + mean, 0, 1)


def _tones(image: Image) -> tuple[Image, Image]:
    """Return mean and standard deviation of each channel."""
    return image.mean((0, 1)), image.std((0, 1)) + np.float32(1e-3)


def _sides(image: Image, factor: float) -> tuple[int, int]:
    height, width = (max(16, round(side / factor)) for side in image.shape[:2])
    return height, width
