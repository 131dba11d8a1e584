"""Printed dots: find their screens in the spectrum of a picture, and filter them out.

A screen is the grid of one ink's dots. In the spectrum it is a grid of peaks far above their surroundings, at the same
place in all parts of the picture; fences, cloth and bricks fill parts, and their peaks move with perspective.

References
----------
.. [1] R. Ulichney, "Digital Halftoning", MIT Press 1987: the spectra of screens.
.. [2] P. D. Welch, "The Use of Fast Fourier Transform for the Estimation of Power Spectra", 1967: means over windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from pipeline.methods.filters import gaussian

CLEAR = 13.0
"""Decibels by which both peaks of a screen rise above the highest frequency around them, from which on a picture counts
as printed. Of 240 photographs the two that were printed had 25 and 9, all others at most 5."""
FAINT = 6.0
"""The same for the screens of further inks."""
MOST_SCREENS = 4
NEAR_PERIODS = 1.04
"""Largest ratio of the periods of two inks' screens."""

_WINDOW = 256
_SMALL_WINDOW = 128
_WINDOWS = 48
_GREY = 0.4
"""Distance of a window's mean from middle grey, as a share of the range from black to white, up to which it counts."""
_ABSENT = 20
"""Percentage of the windows in which a peak may be missing. A lattice in the picture fills a part of it; dots are
everywhere."""
_LEAST, _MOST = 0.1, 0.45
"""Range of the frequencies of screens, in cycles a pixel."""
_OFF_AXIS = 2.5
"""Steps of the spectrum around the axes that belong to the blocks of JPEG and to rows of pixels."""
_INVISIBLE = 1 / 255
"""Standard deviation of noise that is added, so that what nobody sees does not count."""
_RING = 3.6, 6.3
"""Radii of the ring around a peak, in steps of the spectrum; a peak itself is 2 wide."""

_BORDER = 32
_REACH = 0.28
"""Standard deviation of a notch, as a share of the distance between neighbouring ones; 0.26 to 0.3 left least."""

_LOCAL = 3.0
"""Standard deviation of the place over which the phase of dots is averaged, in periods."""
_FAINTEST = 1e-5


@dataclass(frozen=True)
class Screen:
    """A square grid of printed dots."""

    period: float
    """Distance between neighbouring dots, in pixels."""

    angle: float
    """Direction of a row of dots in radians, from the x axis; equal modulo a quarter turn."""

    clearness: float = 0.0
    """Decibels by which its peaks rise above what is around them in the spectrum; 0 if unknown."""


def find(image: Image) -> tuple[Screen, ...]:
    """Return the screens of a printed picture, the clearest first; none if it is not printed in dots.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; periods of 2.2 to 10 pixels are found, but not rows along the sides of the picture.

    Returns
    -------
    tuple of Screen
        At most `MOST_SCREENS`.
    """
    side = _WINDOW if min(image.shape[:2]) >= 2 * _WINDOW else _SMALL_WINDOW
    if min(image.shape[:2]) < side:
        return ()
    power = _power(image, side)
    rise = _rise(power)
    found: list[Screen] = []
    for x, y in _peaks(power, rise, side):
        clearness = min(_at(rise, side, x, y), _at(rise, side, -y, x))
        screen = Screen(1 / float(np.hypot(x, y)), float(np.arctan2(y, x)) % (np.pi / 2), clearness)
        if clearness >= (FAINT if found else CLEAR) and _belongs(screen, found, 2 / side):
            found.append(screen)
    return tuple(found[:MOST_SCREENS])


def _belongs(screen: Screen, found: Sequence[Screen], step: float) -> bool:
    """Return whether a screen may be that of another ink: of about the same period, at another angle."""
    if not found:
        return True
    first = found[0]
    ratio = max(screen.period / first.period, first.period / screen.period)
    turns = [abs((screen.angle - each.angle + np.pi / 4) % (np.pi / 2) - np.pi / 4) for each in found]
    return ratio < NEAR_PERIODS and min(turns) / screen.period > step


def _power(image: Image, side: int) -> Plane:
    """Return the power of each frequency in most parts of the picture, in decibels; of the channel that has most.

    Returns
    -------
    ndarray of float32, shape (side, side // 2 + 1)
        Frequencies down, with 0 in the middle, and across, from 0 on.
    """
    hann = np.hanning(side).astype(np.float32)
    hann = hann[:, None] * hann
    floor = np.float32(_INVISIBLE**2 * np.square(hann).sum())
    windows = _windows(image, side) or [image[:side, :side]]
    powers = np.empty((len(windows), side, side // 2 + 1), np.float32)
    for power, window in zip(powers, windows, strict=True):
        parts = (window - window.mean(axis=(0, 1))).transpose(2, 0, 1) * hann
        np.max(np.square(np.abs(np.fft.rfft2(parts))), axis=0, out=power)
    usual = np.partition(powers, len(windows) * _ABSENT // 100, axis=0)[len(windows) * _ABSENT // 100]
    return np.asarray(np.fft.fftshift(10 * np.log10(usual + floor), axes=0), np.float32)


def _rise(power: Plane) -> Plane:
    """Return by how many decibels each frequency exceeds the highest one in a ring around it."""
    reach = int(np.ceil(_RING[1]))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    ring = (np.hypot(x, y) > _RING[0]) & (np.hypot(x, y) < _RING[1])
    mirrored = np.roll(power[::-1, reach:0:-1], 1, axis=0)
    whole = np.concatenate([mirrored, power], axis=1)
    return np.asarray(power - cv2.dilate(whole, ring.astype(np.uint8))[:, reach:], np.float32)


def _windows(image: Image, side: int) -> list[Image]:
    """Return half-overlapping windows from everywhere but from solid ink and blank paper, which have no dots."""
    tops, lefts = (np.linspace(0, length - side, max(1, 2 * length // side - 1)) for length in image.shape[:2])
    windows = [image[top : top + side, left : left + side] for top in tops.astype(int) for left in lefts.astype(int)]
    windows = [windows[i] for i in np.linspace(0, len(windows) - 1, min(len(windows), _WINDOWS)).astype(int)]
    tones = np.array([window.mean() for window in windows])
    black, white = np.percentile(image[::4, ::4], [1, 99])
    is_grey = np.abs(tones - (black + white) / 2) < _GREY * (white - black)
    return [window for window, has_dots in zip(windows, is_grey, strict=True) if has_dots]


def _peaks(power: Plane, rise: Plane, side: int) -> Iterator[tuple[float, float]]:
    """Yield the frequencies, across and down, of all peaks that are clear enough, the clearest first."""
    y, x = np.arange(-(side // 2), side // 2)[:, None], np.arange(side // 2 + 1)
    distance = np.hypot(x, y) / side
    inside = (distance > _LEAST) & (distance < _MOST) & (np.minimum(x, abs(y)) > _OFF_AXIS)
    highest = (cv2.dilate(power, np.ones((5, 5))) == power) & inside & (rise >= FAINT)
    for row, column in sorted(np.argwhere(highest).tolist(), key=lambda place: -rise[place[0], place[1]]):
        down = row + _summit(power[row - 1 : row + 2, column])
        across = column + _summit(power[row, column - 1 : column + 2])
        yield across / side, (down - side // 2) / side


def _summit(three: Plane) -> float:
    """Return where a parabola through three values has its summit, from the middle one."""
    before, middle, after = three.tolist()
    return (before - after) / (2 * (before - 2 * middle + after) or -1.0)


def _at(rise: Plane, side: int, x: float, y: float) -> float:
    """Return the rise at a frequency, or beside it."""
    if x < 0:
        x, y = -x, -y
    row, column = round(y * side) + side // 2, round(x * side)
    return float(rise[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())


def filtered(image: Image, screens: Sequence[Screen]) -> Image:
    """Return a picture without the frequencies of screens and of their overtones; blurred, with faint remains of dots.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    screens : sequence of Screen
        Their grids.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    height, width = image.shape[:2]
    rows, columns = (cv2.getOptimalDFTSize(side + 2 * _BORDER) for side in (height, width))
    padded = cv2.copyMakeBorder(
        image, _BORDER, rows - height - _BORDER, _BORDER, columns - width - _BORDER, cv2.BORDER_REFLECT_101
    )
    keep = _response(rows, columns, screens)
    result = np.empty_like(image)
    for channel in range(3):
        back = np.fft.irfft2(np.fft.rfft2(padded[..., channel]) * keep, s=(rows, columns))
        result[..., channel] = back[_BORDER : _BORDER + height, _BORDER : _BORDER + width]
    return np.clip(result, 0, 1, out=result)


def _response(rows: int, columns: int, screens: Sequence[Screen]) -> Plane:
    """Return the share of each frequency, as `numpy.fft.rfft2` orders them, that a notch filter keeps."""
    y = np.fft.fftfreq(rows).astype(np.float32)[:, None]
    x = np.fft.rfftfreq(columns).astype(np.float32)
    keep = np.ones((rows, len(x)), np.float32)
    for screen in screens:
        cosine, sine = screen.period * np.cos(screen.angle), screen.period * np.sin(screen.angle)
        along, across = np.float32(cosine) * x + np.float32(sine) * y, np.float32(cosine) * y - np.float32(sine) * x
        order, other = np.round(along), np.round(across)
        distance = (along - order) ** 2 + (across - other) ** 2
        middle = (order == 0) & (other == 0)
        u, v = np.abs(along[middle]), np.abs(across[middle])
        distance[middle] = np.minimum(u, v) ** 2 + (1 - np.maximum(u, v)) ** 2  # to the nearest of the first overtones
        keep *= 1 - np.exp(distance * np.float32(-0.5 / _REACH**2))
    return keep


def redrawn(image: Image, screens: Sequence[Screen]) -> Image:
    """Return the screens alone as they lie in a picture: 0 in the middle of dots, 1 in the middle between them.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    screens : sequence of Screen
        Each channel shows the one that is strongest in it.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Sums of two cosines in [0, 1]; 0.5 where there is no screen.
    """
    planes = [np.ascontiguousarray(image[..., channel]) for channel in range(3)]
    if np.array_equal(planes[0], planes[1]) and np.array_equal(planes[1], planes[2]):
        planes = planes[:1]
    best = [(-1.0, np.full_like(plane, 0.5)) for plane in planes]
    for screen in screens:
        waves = [_wave(planes[0].shape, screen.period, screen.angle + turn) for turn in (0, np.pi / 2)]
        for channel, plane in enumerate(planes):
            slow = [_demodulated(plane, wave, screen.period) for wave in waves]
            strength = float(sum(np.hypot(*parts).mean() for parts in slow))
            if strength > best[channel][0]:
                drawn = sum(_in_phase(wave, *parts) for wave, parts in zip(waves, slow, strict=True))
                best[channel] = strength, np.asarray(0.5 + 0.25 * drawn, np.float32)
    return np.dstack([drawn for _, drawn in best * (3 // len(best))])


def _wave(shape: tuple[int, ...], period: float, angle: float) -> tuple[Plane, Plane]:
    """Return the cosine and the sine of a wave that runs in a direction."""
    step = 2j * np.pi / period
    down = np.exp(step * np.sin(angle) * np.arange(shape[0])).astype(np.complex64)
    across = np.exp(step * np.cos(angle) * np.arange(shape[1])).astype(np.complex64)
    wave = down[:, None] * across
    return np.ascontiguousarray(wave.real), np.ascontiguousarray(wave.imag)


def _demodulated(plane: Plane, wave: tuple[Plane, Plane], period: float) -> list[Plane]:
    """Return what a channel has of a wave: how much of its cosine and its sine, once a period and smoothed.

    Multiplied by a wave of its own frequency, a wave becomes its phase, which changes slowly.
    """
    size = tuple(max(1, round(side / period)) for side in plane.shape[::-1])
    parts = (cv2.resize(plane * part, size, interpolation=cv2.INTER_AREA) for part in wave)
    return [gaussian(part, _LOCAL) for part in parts]


def _in_phase(wave: tuple[Plane, Plane], cosine: Plane, sine: Plane) -> Plane:
    """Return a wave of strength 1 with a phase that `_demodulated` found."""
    length = np.hypot(cosine, sine) + _FAINTEST
    size = wave[0].shape[::-1]
    cosine, sine = (cv2.resize(part / length, size, interpolation=cv2.INTER_LINEAR) for part in (cosine, sine))
    return np.asarray(wave[0] * cosine + wave[1] * sine, np.float32)
