"""Uniform blur: the power spectrum it is estimated from, and Wiener deconvolution."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.methods import kernels
from pipeline.methods.filters import gaussian, luma

Kind = Literal["other", "defocus", "motion"]

KINDS: tuple[Kind, ...] = ("other", "defocus", "motion")
"""Kinds of blur. ``"other"`` is sharp, or blurred by no simple kernel."""

SIDE = 64
"""Side of a spectrum, in frequencies."""

_WINDOW = 2 * SIDE
_STEP = SIDE
_MOST_WINDOWS = 120
_FAINT = 1e-9
_NOISE_TO_SIGNAL = 0.04
_BORDER = 48
_RING = 5, 14
"""Frequencies, in steps of the spectrum, that shake attenuates most unevenly."""

_SECTORS = 12
_SCALES = 0.8, 1.6, 3.2, 6.4
"""Sigmas, in pixels, between which a plain sharpening filter may weigh the details."""


@dataclass(frozen=True)
class Blur:
    """The estimated blur of a picture."""

    kind: Kind
    """The kernel of defocus is a disk, that of motion a straight line."""

    size: float = 0.0
    """Radius of the disk or length of the line, in pixels."""

    angle: float = 0.0
    """Direction of the line in radians, from the x axis."""

    def kernel(self) -> kernels.Kernel | None:
        """Return the kernel, or None for ``"other"``."""
        if self.kind == "defocus":
            return kernels.disk(self.size)
        return kernels.motion(self.size, self.angle) if self.kind == "motion" else None


def spectrum(image: Image) -> Image:
    """Return the mean log power spectrum of a picture, in which defocus shows as rings and motion as stripes.

    The power is averaged over half-overlapping windows, without the flatter half of them, and over blocks of 2 by 2
    frequencies.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; extended by reflection if smaller than a window.

    Returns
    -------
    ndarray of float32, shape (SIDE, SIDE)
        Zero frequency in the middle; mean 0.
    """
    grey = luma(image)
    below = [max(0, _WINDOW - side) for side in grey.shape]
    grey = np.pad(grey, [(0, missing) for missing in below], mode="symmetric")
    grid = np.lib.stride_tricks.sliding_window_view(grey, (_WINDOW, _WINDOW))[::_STEP, ::_STEP]
    contrast = np.concatenate([np.ascontiguousarray(row).std(axis=(1, 2)) for row in grid])  # all at once is 4 copies
    busy = np.flatnonzero(contrast >= np.median(contrast))
    chosen = busy[np.linspace(0, len(busy) - 1, min(len(busy), _MOST_WINDOWS)).astype(int)]
    windows = np.stack([grid[divmod(number, grid.shape[1])] for number in chosen])
    hann = np.hanning(_WINDOW).astype(np.float32)
    parts = (windows - windows.mean(axis=(1, 2), keepdims=True)) * hann[:, None] * hann
    power = np.abs(np.fft.rfft2(parts)) ** 2
    # Every window has the same weight, so that no single edge dominates.
    power = (power / (power.sum(axis=(1, 2), keepdims=True) + _FAINT)).mean(axis=0)
    whole = np.fft.fftshift(_both_halves(power))
    pooled = whole.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))
    logarithm = np.log(pooled + _FAINT)
    return (logarithm - logarithm.mean()).astype(np.float32)


def _both_halves(half: Image) -> Image:
    """Return the full spectrum of a real picture from its half, by symmetry."""
    size = half.shape[0]
    whole = np.empty((size, size), half.dtype)
    whole[:, : half.shape[1]] = half
    rows = -np.arange(size) % size
    whole[:, half.shape[1] :] = half[rows][:, size - half.shape[1] : 0 : -1]
    return whole


def anisotropy(power: Image) -> float:
    """Return how much further a spectrum falls in one direction than in another, as a difference of logarithms.

    The spectrum of a soft picture falls alike in all directions (about 1, by what it shows); that of a shaken one does
    not (2 to 5).

    Parameters
    ----------
    power : ndarray of float32, shape (SIDE, SIDE)
        As `spectrum` returns it.
    """
    y, x = np.mgrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2] + 0.25
    distance = np.hypot(x, y)
    ring = (_RING[0] <= distance) & (distance < _RING[1])
    sector = (np.arctan2(y, x)[ring] % np.pi * (_SECTORS / np.pi)).astype(np.intp) % _SECTORS
    means = np.bincount(sector, power[ring], _SECTORS) / np.bincount(sector, minlength=_SECTORS)
    smooth = (np.roll(means, 1) + means + np.roll(means, -1)) / 3
    return float(np.ptp(smooth))


def explained_by_sharpening(image: Image, changed: Image) -> float:
    """Return the share of a change, from 0 to 1, that a plain sharpening filter explains.

    It is the R squared of a least-squares fit of the change by differences of Gaussians. Removed softness is explained
    for the most part; doubled contours are not.

    Parameters
    ----------
    image, changed : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    grey = luma(image)
    softer = [grey, *(gaussian(grey, sigma) for sigma in _SCALES)]
    details = [fine - coarse for fine, coarse in pairwise(softer)]
    change = luma(changed) - grey
    among = np.array([[np.vdot(a, b) for b in details] for a in details], np.float64)
    with_change = np.array([np.vdot(a, change) for a in details], np.float64)
    weights = np.linalg.lstsq(among, with_change, rcond=None)[0]
    return float(weights @ with_change / max(float(np.vdot(change, change)), _FAINT))


def wiener(image: Image, kernel: kernels.Kernel) -> Image:
    """Return the picture deconvolved by a Wiener filter, with the spectrum of natural images, 1 / f^2, as its prior.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    kernel : ndarray of float32, shape (K, K)
        The blur kernel; K is odd.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; sharper, with ringing and amplified noise for a network to remove.

    References
    ----------
    .. [1] N. Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.
    """
    height, width = image.shape[:2]
    rows, columns = (cv2.getOptimalDFTSize(side + 2 * _BORDER) for side in (height, width))
    padded = cv2.copyMakeBorder(
        image, _BORDER, rows - height - _BORDER, _BORDER, columns - width - _BORDER, cv2.BORDER_REFLECT_101
    )
    response = np.fft.rfft2(_centred(kernel, rows, columns))
    squared = np.fft.fftfreq(rows)[:, None] ** 2 + np.fft.rfftfreq(columns)[None] ** 2
    noise = _NOISE_TO_SIGNAL * (4 * squared + 1e-4)
    undo = (response.conj() / (np.abs(response) ** 2 + noise)).astype(np.complex64)
    channels = [np.fft.irfft2(np.fft.rfft2(padded[..., c]) * undo, s=(rows, columns)) for c in range(3)]
    sharp = np.stack(channels, axis=2)[_BORDER : _BORDER + height, _BORDER : _BORDER + width]
    return np.clip(sharp, 0, 1).astype(np.float32)


def _centred(kernel: kernels.Kernel, rows: int, columns: int) -> Image:
    """Return the kernel in an array of the picture's size, centred on the first pixel and wrapped around."""
    radius = kernel.shape[0] // 2
    field = np.zeros((rows, columns), np.float32)
    field[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.roll(field, (-radius, -radius), axis=(0, 1))
