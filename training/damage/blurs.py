"""Recipes of blur, for the deblurrer and the blur estimator.

All take a picture, ndarray of shape (H, W, 3), RGB in [0, 1], and a `numpy.random.Generator`.
"""

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.methods import kernels
from pipeline.methods.deconvolution import Blur, wiener
from training.damage.degrade import blur, camera, jpeg, random_resize, resize, soften


def blurred(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture for a deblurrer to sharpen: out of focus, shaken or soft, with faint noise.

    One in eight is sharp, so that the network learns to leave sharp pictures unchanged.
    """
    return known_blur(image, rng)[0]


def known_blur(image: Image, rng: np.random.Generator) -> tuple[Image, Blur]:
    """Return a picture as `blurred` makes it, and its blur, which an estimator has to find."""
    softer, found = _some_blur(image, rng)
    return image if softer is image else camera(softer, rng), found


def guessed(image: Image, rng: np.random.Generator) -> Image:
    """Return the two pictures that the bundled deblurrer takes: the blurred one, and its Wiener deconvolution.

    The deconvolution uses a kernel close to the true one, as the blur estimator finds it. Where no simple kernel
    exists, and in one of ten other pictures, the second picture is the blurred one itself. In one of ten the kernel is
    wrong, so that the network learns to recognise a wrong deconvolution.

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
