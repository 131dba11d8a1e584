"""Single kinds of damage, modelled on lens, sensor, film, paper and JPEG; `training.damage.recipes` combines them.

All take and return float32 RGB (H, W, 3) in [0, 1], sRGB-encoded, and leave their input unchanged. Those that draw
random numbers take them only from the given generator.
"""

import cv2
import numpy as np
from albumentations.augmentations.pixel import functional as pixel

from pipeline.arrays import Image, Image8
from pipeline.methods import kernels

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in Rec. 601 luma."""
RIPPLES = 10
"""Reach of the ripples of `ring`, in pixels."""
SEPIA = np.array([1.07, 0.98, 0.82], np.float32)
"""Factors of red, green and blue in a sepia print."""


# Single damages


def blur(image: Image, kernel: kernels.Kernel) -> Image:
    """Return the picture convolved with a kernel; borders are mirrored."""
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def soften(image: Image, sigma: float) -> Image:
    """Return the picture blurred by an isotropic Gaussian of `sigma` pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def resize(image: Image, height: int, width: int, interpolation: int) -> Image:
    """Return the picture resized by one of OpenCV's interpolations, clipped to [0, 1].

    Only ``cv2.INTER_AREA`` filters before it reduces; the others alias, as some programs do.
    """
    return np.clip(cv2.resize(image, (width, height), interpolation=interpolation), 0, 1)


def sensor_noise(image: Image, sigma: float, rng: np.random.Generator, shared: float = 0) -> Image:
    """Return the picture with Gaussian noise.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    sigma : float
        Standard deviation, on the scale of [0, 1].
    rng : numpy.random.Generator
        Random generator.
    shared : float
        Share of the variance that the three channels have in common, from 0 (colour noise)
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
    """Return the picture with the Poisson noise of photons, of standard deviation `sigma` at middle grey.

    Photons are counted in linear light, so an sRGB-encoded picture has most noise in its shadows.
    """
    scale = 4 * sigma**2  # photons per unit of light, from the slope of the encoding at 0.5
    return np.clip(pixel.shot_noise(image, scale, rng), 0, 1).astype(np.float32)


def film_grain(image: Image, sigma: float, rng: np.random.Generator, size: float = 1.0, shared: float = 1.0) -> Image:
    """Return the picture with grain in clumps of about `size` pixels, strongest in the midtones.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    sigma : float
        Standard deviation in the midtones, on the scale of [0, 1].
    rng : numpy.random.Generator
        Random generator.
    size : float
        Diameter of the clumps in pixels.
    shared : float
        Share of the variance that the three channels have in common, from 0 (colour film) to 1 (grey grain).

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    grain = np.sqrt(shared) * _clumps((*image.shape[:2], 1), size, rng)
    if shared < 1:
        grain = grain + np.sqrt(1 - shared) * _clumps(image.shape, size, rng)
    luma = image @ LUMA
    middle = np.sqrt(np.clip(4 * luma * (1 - luma), 0.15, 1))[..., None]
    return np.clip(image + (sigma * grain * middle).astype(np.float32), 0, 1)


def _clumps(shape: tuple[int, ...], size: float, rng: np.random.Generator) -> Image:
    """Return noise of standard deviation 1 in clumps of about `size` pixels, shape (H, W, channels)."""
    noise = soften(rng.standard_normal(shape, np.float32), size / 2).reshape(shape)
    return noise / noise.std()


def jpeg(image: Image, quality: int) -> Image:
    """Return the picture after JPEG compression at a quality from 1 to 100."""
    bgr = cv2.cvtColor(to_bytes(image), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return cv2.cvtColor(back, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def oversharpen(image: Image, amount: float, sigma: float) -> Image:
    """Return the picture sharpened too much, as by scanners and cameras: an unsharp mask of `sigma` pixels."""
    return np.clip(image + amount * (image - soften(image, sigma)), 0, 1)


def ring(image: Image, cutoff: float) -> Image:
    """Return the picture without detail above a frequency, which leaves ripples beside edges.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    cutoff : float
        The frequency, as a share of the highest one, in (0, 1].

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    place = np.arange(-RIPPLES, RIPPLES + 1)
    kernel = np.sinc(cutoff * place) * np.hamming(len(place))
    kernel /= kernel.sum()
    return np.clip(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101), 0, 1)


def fade(image: Image, black: float, contrast: float) -> Image:
    """Return a faded print: black rises to `black`, the range shrinks to `contrast`."""
    return np.clip(black + contrast * image, 0, 1).astype(np.float32)


def grey(image: Image) -> Image:
    """Return the luma in three equal channels."""
    return np.repeat((image @ LUMA)[..., None], 3, axis=2)


def sepia(image: Image) -> Image:
    """Return the luma in the brown of an old print."""
    return np.clip(grey(image) * SEPIA, 0, 1)


def to_bytes(image: Image) -> Image8:
    """Return the picture in 8 bits a channel."""
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


# Random damage


def random_blur(image: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    """Return the picture blurred by a Gaussian (often), a disk or motion, of a width between `low` and `high`."""
    width, angle = rng.uniform(low, high), rng.uniform(0, np.pi)
    kind = rng.choice(4, p=[0.7, 0.15, 0.1, 0.05])
    if kind == 0:
        return soften(image, width)
    if kind == 1:
        return blur(image, kernels.gaussian(width, width * rng.uniform(0.3, 1), angle))
    # A disk of radius 2 s and a line of length 3.5 s blur about as much as a Gaussian of sigma s.
    if kind == 2:
        return blur(image, kernels.disk(2 * width))
    return blur(image, kernels.motion(3.5 * width, angle))


def random_noise(image: Image, rng: np.random.Generator, low: float, high: float) -> Image:
    """Return the picture with sensor noise, photon noise or grain of a strength between `low` and `high`."""
    sigma = rng.uniform(low, high)
    kind = rng.choice(3, p=[0.76, 0.12, 0.12])
    if kind == 0:
        return sensor_noise(image, sigma, rng, shared=rng.uniform(0, 1))
    if kind == 1:
        return shot_noise(image, sigma, rng)
    return film_grain(image, sigma, rng, size=rng.uniform(0.8, 2))


def random_resize(image: Image, rng: np.random.Generator, height: int, width: int) -> Image:
    """Return the picture resized, mostly by area, else by linear or cubic interpolation."""
    ways = [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]
    way = int(rng.choice(ways, p=[0.7, 0.15, 0.15]))
    if way != cv2.INTER_AREA and height < image.shape[0]:
        image = soften(image, 0.4 * image.shape[0] / height)  # programs that avoid aliasing filter first
    return resize(image, height, width, way)


def camera(image: Image, rng: np.random.Generator, poor: float = 0) -> Image:
    """Return the picture with faint noise and a good JPEG; with probability `poor` more noise, or a poor JPEG."""
    if rng.random() < 0.9:
        sigma = rng.uniform(0.01, 0.03) if rng.random() < poor else rng.uniform(0.001, 0.01)
        image = sensor_noise(image, sigma, rng, shared=rng.uniform(0, 0.5))
    if rng.random() < 0.8:
        image = jpeg(image, int(rng.integers(45, 75) if rng.random() < poor else rng.integers(75, 98)))
    return image
