"""Blur kernels: Gaussian, defocus disk, straight or curved motion."""

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float32]

SUBPIXELS = 8
"""Samples per pixel and axis for antialiased shapes."""


def gaussian(sigma_along: float, sigma_across: float, angle: float) -> Kernel:
    """Return a Gaussian kernel; it is isotropic if both widths are equal.

    Parameters
    ----------
    sigma_along, sigma_across : float
        Standard deviations in pixels, along and across the direction, above 0.
    angle : float
        Direction in radians, from the x axis.

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
    """Return the disk kernel of a lens out of focus.

    Parameters
    ----------
    radius : float
        In pixels, above 0; need not be whole.

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
    """Return the kernel of uniform camera motion, straight or along an arc.

    Parameters
    ----------
    length : float
        Length of the path in pixels, above 0.
    angle : float
        Direction in radians, from the x axis.
    bend : float
        Offset of the ends of the path from its middle, as a share of its length; 0 is straight.

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
    across = across - bend * length * ((2 * along / length) ** 2 - 1 / 3)  # keeps the mean of the arc in the middle
    inside = (np.abs(along) <= max(length, 1) / 2) & (np.abs(across) <= 0.5)
    return _normalised(_pixel_means(inside, size))


def _subpixel_positions(size: int) -> NDArray[np.float64]:
    """Return the centres of the subpixels of `size` pixels, with 0 in the middle."""
    return (np.arange(size * SUBPIXELS) + 0.5) / SUBPIXELS - size / 2


def _pixel_means(fine: NDArray[np.bool_], size: int) -> NDArray[np.float64]:
    return fine.reshape(size, SUBPIXELS, size, SUBPIXELS).mean((1, 3))


def _normalised(kernel: NDArray[np.float64]) -> Kernel:
    return (kernel / kernel.sum()).astype(np.float32)
