"""Realistic, seeded damage: what happens to a photograph before somebody wants it restored.

The single damages follow physics (lens, sensor, film, paper, JPEG); `training.damage.recipes` puts them together. All
take and return float32 RGB (H, W, 3) in [0, 1], sRGB-encoded, and leave their input untouched; chance comes from
the given generator alone.
"""

import cv2
import numpy as np
from albumentations.augmentations.pixel import functional as pixel
from numpy.typing import NDArray

from pipeline.methods import kernels

Image = NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
SEPIA = np.array([1.07, 0.98, 0.82], np.float32)


# Single damages


def blur(image: Image, kernel: kernels.Kernel) -> Image:
    """Convolve every channel with a kernel, the border mirrored."""
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def soften(image: Image, sigma: float) -> Image:
    """Blur with an isotropic Gaussian of `sigma` pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def resize(image: Image, height: int, width: int, interpolation: int) -> Image:
    """Resize with one of OpenCV's interpolations, cut to [0, 1] where it overshoots.

    Only ``cv2.INTER_AREA`` filters before it reduces; the others alias, as careless programs do.
    """
    return np.clip(cv2.resize(image, (width, height), interpolation=interpolation), 0, 1)


def sensor_noise(image: Image, sigma: float, rng: np.random.Generator, shared: float = 0) -> Image:
    """Add Gaussian noise.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    sigma : float
        Standard deviation, as a part of the full range.
    rng : numpy.random.Generator
        The source of chance.
    shared : float
        Part of the variance that the three channels have in common, from 0 (colour noise)
        to 1 (grey noise).

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    own = rng.standard_normal(image.shape, np.float32)
    common = rng.standard_normal((*image.shape[:2], 1), np.float32)
    noise = np.sqrt(1 - shared) * own + np.sqrt(shared) * common
    return np.clip(image + np.float32(sigma) * noise.astype(np.float32), 0, 1)


def shot_noise(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Add the Poisson noise of counted photons, of standard deviation `sigma` at middle grey.

    Photons are counted in linear light, so that in an sRGB-encoded picture the shadows suffer most.
    """
    scale = 4 * sigma**2  # photons a unit of light, from the slope of the encoding at 0.5
    return np.clip(pixel.shot_noise(image, scale, rng), 0, 1).astype(np.float32)


def film_grain(image: Image, sigma: float, rng: np.random.Generator, size: float = 1.0) -> Image:
    """Add grain: grey, in clumps of about `size` pixels, strongest in the middle tones."""
    grain = soften(rng.standard_normal(image.shape[:2], np.float32), size / 2)
    grain *= sigma / grain.std()
    luma = image @ LUMA
    middle = np.sqrt(np.clip(4 * luma * (1 - luma), 0.15, 1))
    return np.clip(image + (grain * middle)[..., None], 0, 1)


def jpeg(image: Image, quality: int) -> Image:
    """Write as a JPEG of a quality from 1 to 100, and read it back."""
    bgr = cv2.cvtColor(to_bytes(image), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return cv2.cvtColor(back, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def fade(image: Image, black: float, contrast: float) -> Image:
    """Lose contrast as old prints do: black rises to `black`, the range shrinks to `contrast`."""
    return np.clip(black + contrast * image, 0, 1).astype(np.float32)


def grey(image: Image) -> Image:
    """Keep the luminance alone, in three equal channels."""
    return np.repeat((image @ LUMA)[..., None], 3, axis=2)


def sepia(image: Image) -> Image:
    """Keep the luminance alone, in the brown of an old print."""
    return np.clip(grey(image) * SEPIA, 0, 1)


def to_bytes(image: Image) -> NDArray[np.uint8]:
    """Round to 8 bits a channel."""
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


# Chance


def random_blur(image: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    """Blur by a Gaussian (often), a disk or motion whose width lies between `low` and `high`."""
    width, angle = rng.uniform(low, high), rng.uniform(0, np.pi)
    kind = rng.choice(4, p=[0.7, 0.15, 0.1, 0.05])
    if kind == 0:
        return soften(image, width)
    if kind == 1:
        return blur(image, kernels.gaussian(width, width * rng.uniform(0.3, 1), angle))
    # A disk of radius 2 s and a line of length 3.5 s spread light about as far as a sigma of s.
    if kind == 2:
        return blur(image, kernels.disk(2 * width))
    return blur(image, kernels.motion(3.5 * width, angle))


def random_noise(image: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    """Add sensor noise, photon noise or grain of a strength between `low` and `high`."""
    sigma = rng.uniform(low, high)
    kind = rng.choice(3, p=[0.76, 0.12, 0.12])
    if kind == 0:
        return sensor_noise(image, sigma, rng, shared=rng.uniform(0, 1))
    if kind == 1:
        return shot_noise(image, sigma, rng)
    return film_grain(image, sigma, rng, size=rng.uniform(0.8, 2))


def random_resize(image: Image, rng: np.random.Generator, height: int, width: int) -> Image:
    """Resize to a size by area, mostly, or by an interpolation that smooths or aliases."""
    ways = [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]
    way = int(rng.choice(ways, p=[0.7, 0.15, 0.15]))
    if way != cv2.INTER_AREA and height < image.shape[0]:
        image = soften(image, 0.4 * image.shape[0] / height)  # a careful program filters first
    return resize(image, height, width, way)
