"""Blur kernels: Gaussian of any shape and direction, defocus disk, straight or curved motion."""

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float32]

SUBPIXELS = 8
"""Samples a pixel and axis where a shape is drawn with smooth edges."""


def gaussian(sigma_along: float, sigma_across: float, angle: float) -> Kernel:
    """Gaussian kernel, isotropic where both widths are equal.

    Parameters
    ----------
    sigma_along, sigma_across : float
        Standard deviations in pixels along and across the direction, above 0.
    angle : float
        Direction in radians, counted from the x axis.

    Returns
    -------
    ndarray, shape (K, K), float32
        Sums to 1; K is odd.
    """
    radius = max(1, int(np.ceil(3 * max(sigma_along, sigma_across))))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    return _normalised(np.exp(-((along / sigma_along) ** 2 + (across / sigma_across) ** 2) / 2))


def disk(radius: float) -> Kernel:
    """Disk of a lens out of focus.

    Parameters
    ----------
    radius : float
        In pixels, above 0; fractions count.

    Returns
    -------
    ndarray, shape (K, K), float32
        Sums to 1; K is odd.
    """
    size = 2 * int(np.ceil(radius)) + 1
    position = _subpixel_positions(size)
    inside = position[:, None] ** 2 + position[None, :] ** 2 <= radius**2
    return _normalised(_pixel_means(inside, size))


def motion(length: float, angle: float, bend: float = 0) -> Kernel:
    """Even motion of the camera, straight or along an arc.

    Parameters
    ----------
    length : float
        Path in pixels, above 0.
    angle : float
        Direction in radians, counted from the x axis.
    bend : float
        How far the ends of the path lie beside its middle, as a part of its length; 0 is straight.

    Returns
    -------
    ndarray, shape (K, K), float32
        Sums to 1; K is odd.
    """
    size = 2 * int(np.ceil(length / 2 + abs(bend) * length + 0.5)) + 1
    position = _subpixel_positions(size)
    x, y = position[None, :], position[:, None]
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    across = across - bend * length * ((2 * along / length) ** 2 - 1 / 3)  # the mean of the arc stays in the middle
    inside = (np.abs(along) <= max(length, 1) / 2) & (np.abs(across) <= 0.5)
    return _normalised(_pixel_means(inside, size))


def _subpixel_positions(size: int) -> NDArray[np.float64]:
    """Centres of the subpixels of `size` pixels, 0 in the middle."""
    return (np.arange(size * SUBPIXELS) + 0.5) / SUBPIXELS - size / 2


def _pixel_means(fine: NDArray[np.bool_], size: int) -> NDArray[np.float64]:
    return fine.reshape(size, SUBPIXELS, size, SUBPIXELS).mean((1, 3))


def _normalised(kernel: NDArray[np.float64]) -> Kernel:
    return (kernel / kernel.sum()).astype(np.float32)
