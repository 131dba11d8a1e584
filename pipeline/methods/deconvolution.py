"""Blur that is the same all over a picture: what its spectrum shows of it, and its undoing."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.methods import kernels
from pipeline.methods.filters import luma

Array = NDArray[np.float32]
Kind = Literal["other", "defocus", "motion"]

KINDS: tuple[Kind, ...] = ("other", "defocus", "motion")
"""What an estimate can say; the rest is sharp, or blurred in a way that has no simple kernel."""

SIDE = 64
"""Side of a spectrum."""

_WINDOW = 2 * SIDE
_STEP = SIDE
_MOST_WINDOWS = 120
_FAINT = 1e-9
_NOISE_TO_SIGNAL = 0.04
_BORDER = 48


@dataclass(frozen=True)
class Blur:
    """An estimate of a picture's blur."""

    kind: Kind
    """Defocus is a disk, motion a straight line."""

    size: float = 0.0
    """Radius of the disk or length of the line, in pixels."""

    angle: float = 0.0
    """Direction of the line in radians, counted from the x axis."""

    def kernel(self) -> kernels.Kernel | None:
        """Return the kernel; None where the kind has none."""
        if self.kind == "defocus":
            return kernels.disk(self.size)
        return kernels.motion(self.size, self.angle) if self.kind == "motion" else None


def spectrum(image: Array) -> Array:
    """Return the mean logarithmic power spectrum of a picture, in which blur draws rings and stripes.

    Power is taken in windows that overlap by half, the flat ones left out, and pooled in squares of 2 by 2.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]. Small ones are extended by reflection.

    Returns
    -------
    ndarray of float32, shape (SIDE, SIDE)
        Zero frequency in the middle; mean 0.
    """
    grey = luma(image)
    below = [max(0, _WINDOW - side) for side in grey.shape]
    grey = np.pad(grey, [(0, missing) for missing in below], mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(grey, (_WINDOW, _WINDOW))[::_STEP, ::_STEP]
    windows = windows.reshape(-1, _WINDOW, _WINDOW)
    contrast = windows.std(axis=(1, 2))
    busy = np.flatnonzero(contrast >= np.median(contrast))
    chosen = busy[np.linspace(0, len(busy) - 1, min(len(busy), _MOST_WINDOWS)).astype(int)]
    hann = np.hanning(_WINDOW).astype(np.float32)
    parts = (windows[chosen] - windows[chosen].mean(axis=(1, 2), keepdims=True)) * hann[:, None] * hann
    power = np.abs(np.fft.rfft2(parts)) ** 2
    # Each window counts the same, so that no single edge decides.
    power = (power / (power.sum(axis=(1, 2), keepdims=True) + _FAINT)).mean(axis=0)
    whole = np.fft.fftshift(_both_halves(power))
    pooled = whole.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))
    logarithm = np.log(pooled + _FAINT)
    return (logarithm - logarithm.mean()).astype(np.float32)


def _both_halves(half: Array) -> Array:
    """Complete the spectrum of a real picture by its symmetry about zero."""
    size = half.shape[0]
    whole = np.empty((size, size), half.dtype)
    whole[:, : half.shape[1]] = half
    rows = -np.arange(size) % size
    whole[:, half.shape[1] :] = half[rows][:, size - half.shape[1] : 0 : -1]
    return whole


def wiener(image: Array, kernel: kernels.Kernel) -> Array:
    """Undo a blur by Wiener's filter, with the spectrum of natural pictures, 1 / f^2, as its prior.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    kernel : ndarray of float32, shape (K, K)
        What blurred it; K is odd.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; sharper, with rings and noise that a network has still to clean.

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


def _centred(kernel: kernels.Kernel, rows: int, columns: int) -> Array:
    """Lay the kernel around the first pixel of a picture that wraps around."""
    radius = kernel.shape[0] // 2
    field = np.zeros((rows, columns), np.float32)
    field[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.roll(field, (-radius, -radius), axis=(0, 1))
