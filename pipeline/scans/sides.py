"""Find the sides of a print to a fraction of a pixel."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image

Points = NDArray[np.float64]

_SEGMENTS, _SHORTEST, _MOST = 32, 16, 40
"""Most parts of a side, each with edges of its own; their least length in pixels; and most samples along each."""

_ENDS = 0.06
"""Shares of a side near its corners that are not used: mounts, and dog-eared corners."""

_PEAKS = 3
"""Edges that are tried in each part."""

_AT_EDGE, _SEEN = 0.01, 0.7
"""How near a side is to the scan's edge that lies along it, in shares of the scan's long side, if it has no edge along
this share of its own length."""

_STEP = 0.5
"""Distance of samples across the side, in pixels."""

_FAINT = 0.004
"""Contrast a pixel, of 1, of the faintest edge that counts."""

_NEAR = 1.0
"""How far edges may be from the line, in pixels."""

_SPAN = 0.25
"""How far apart two edges are that a line is laid through, in shares of the side."""

_NEARLY_ALL = 0.85
"""Share of the edges of the longest line that the outermost one has: the paper's edge, not the picture's on it."""

_FLANK = 3.0
"""How far inside the outermost line the paper's edge may be, in pixels: the outermost may be a shadow's."""

_BROAD = 10.0
"""Width in pixels over which slopes are taken off their mean, so that soft shadows are no edges."""


@dataclass(frozen=True)
class Side:
    """A side of a print as a line."""

    point: Points
    direction: Points
    support: float
    """Share of its length along which there is an edge."""

    at_edge: bool = False
    """Whether it is the edge of the scan."""

    @property
    def length(self) -> float:
        """Length in pixels."""
        return float(np.linalg.norm(self.direction))

    @property
    def angle(self) -> float:
        """Angle in degrees, clockwise from the right."""
        return float(np.degrees(np.arctan2(self.direction[1], self.direction[0])))

    def turned_to(self, angle: float) -> "Side":
        """Return the side turned about its middle to an angle in degrees."""
        direction = self.length * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        return replace(self, direction=direction)


def refine(image: Image, corners: Points, reach: float, leaning: float) -> list[Side]:
    """Return the four sides of a print, each laid through the edges near its first guess.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        The scan in [0, 1].
    corners : ndarray, shape (4, 2)
        First guess, clockwise; (0, 0) is the corner of the first pixel.
    reach : float
        How far to search on both sides, in pixels; twice as far where there is too little.
    leaning : float
        Largest slope of a side against its first guess.
    """
    height, width = image.shape[:2]
    edges = [(corners[:2, 1], 0), (corners[1:3, 0], width), (corners[2:, 1], height), (corners[[3, 0], 0], 0)]
    near = _AT_EDGE * max(height, width)
    found = []
    for i, (places, edge) in enumerate(edges):
        side = _side(image, corners[i], corners[(i + 1) % 4], reach, leaning)
        if side.support < _SEEN:  # a wide shadow may lie between
            farther = _side(image, corners[i], corners[(i + 1) % 4], 2 * reach, leaning)
            side = max(side, farther, key=lambda each: each.support)
        if side.support < _SEEN and np.abs(places - edge).max() <= near:
            side = _edge(corners[i], corners[(i + 1) % 4], i % 2 == 0, edge)
        found.append(side)
    return found


def _edge(start: Points, end: Points, level: bool, edge: float) -> Side:
    """Return the part of the scan's edge along which a side lies."""
    point, direction = (start + end) / 2, end - start
    point[int(level)], direction[int(level)] = edge, 0.0
    return Side(point, direction, 1.0, at_edge=True)


def intersections(sides: list[Side]) -> Points:
    """Return the corners in which each side meets the one before it, shape (4, 2)."""
    return np.stack([_meet(sides[i - 1], sides[i]) for i in range(4)])


def _meet(one: Side, other: Side) -> Points:
    along, _ = np.linalg.solve(np.stack([one.direction, -other.direction], axis=1), other.point - one.point)
    return np.asarray(one.point + along * one.direction)


def _side(image: Image, start: Points, end: Points, reach: float, leaning: float) -> Side:
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    out = np.array([along[1], -along[0]])  # clockwise corners have the outside at the left
    across = np.arange(-reach, reach + _STEP, _STEP)
    profiles, places = _profiles(image, start, along, out, length, across)
    where, strength = _edges(profiles, across)
    offset, slope, support = _line(places, where, strength, leaning)
    middle = length / 2
    return Side(start + along * middle + out * (offset + slope * middle), (along + out * slope) * length, support)


def _profiles(
    image: Image, start: Points, along: Points, out: Points, length: float, across: Points
) -> tuple[NDArray[np.float32], Points]:
    """Return the mean colours across each part of a side, shape (parts, across, 3), and where along it they are."""
    used = length * (1 - 2 * _ENDS)
    parts = int(np.clip(used / _SHORTEST, 8, _SEGMENTS))
    per_part = int(np.clip(used / parts, 1, _MOST))
    count = per_part * parts
    s = length * (_ENDS + (1 - 2 * _ENDS) * (np.arange(count) + 0.5) / count)
    grid = start + s[:, None, None] * along + across[None, :, None] * out - 0.5  # from centres of pixels
    mapped = grid.astype(np.float32)
    samples = cv2.remap(image, mapped[..., 0], mapped[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profiles = samples.reshape(parts, per_part, len(across), 3).mean(axis=1)
    return profiles, s.reshape(parts, per_part).mean(axis=1)


def _edges(profiles: NDArray[np.float32], across: Points) -> tuple[Points, Points]:
    """Return where the strongest edges of each part are and their contrast, shape (parts, peaks)."""
    smooth = cv2.GaussianBlur(profiles, (0, 0), sigmaX=0.8 / _STEP, sigmaY=0.01)
    slope = np.zeros(profiles.shape[:2])
    slope[:, 1:-1] = np.linalg.norm(smooth[:, 2:] - smooth[:, :-2], axis=2) / (2 * _STEP) / 3**0.5
    broad = max(round(_BROAD / _STEP) | 1, 3)
    slope = np.maximum(slope - cv2.blur(slope, (broad, 1)), 0)
    left, middle, right = slope[:, :-2], slope[:, 1:-1], slope[:, 2:]
    peak = np.where((middle >= left) & (middle > right), middle, 0.0)
    order = np.argsort(-peak, axis=1)[:, :_PEAKS]
    strength = np.take_along_axis(peak, order, axis=1)
    low, mid, high = (np.take_along_axis(part, order, axis=1) for part in (left, middle, right))
    bend = np.maximum(2 * mid - low - high, 1e-9)
    shift = np.where(strength > 0, (high - low) / (2 * bend), 0.0)
    return across[order + 1] + np.clip(shift, -1, 1) * _STEP, strength


def _line(places: Points, where: Points, strength: Points, leaning: float) -> tuple[float, float, float]:
    """Return offset at 0, slope and support of the line along which there are most edges."""
    weight = np.where(strength >= _FAINT, strength, 0.0)
    parts, peaks = np.nonzero(weight)
    x, y, w = places[parts], where[parts, peaks], weight[parts, peaks]
    offsets, slopes = _through_pairs(x, y, leaning)
    if len(offsets) == 0:
        return 0.0, 0.0, 0.0
    gains = (np.abs(offsets[:, None] + slopes[:, None] * x - y) < _NEAR) * w
    starts = np.flatnonzero(np.diff(parts, prepend=-1))
    score = np.maximum.reduceat(gains, starts, axis=1).sum(axis=1)  # one edge of each part
    support = np.maximum.reduceat(gains > 0, starts, axis=1).sum(axis=1)
    outward = offsets + slopes * places.mean()
    outermost = outward[support >= _NEARLY_ALL * support.max()].max()
    best = np.where(outward > outermost - _FLANK, score, 0.0).argmax()
    offset, slope = offsets[best], slopes[best]
    for _ in range(3):
        hit = np.abs(offset + slope * x - y) < _NEAR
        if np.ptp(x[hit]) == 0:
            break
        slope, offset = np.polyfit(x[hit], y[hit], 1, w=w[hit])
    return float(offset), float(slope), len(np.unique(parts[hit])) / len(places)


def _through_pairs(x: Points, y: Points, leaning: float) -> tuple[Points, Points]:
    """Return offset and slope of the lines through each two edges that are far apart and steady enough."""
    if len(x) < 2:
        return np.empty(0), np.empty(0)
    first, second = np.triu_indices(len(x), 1)
    far = np.abs(x[first] - x[second]) > _SPAN * (x[-1] - x[0])
    first, second = first[far], second[far]
    slopes = (y[first] - y[second]) / (x[first] - x[second])
    steady = np.abs(slopes) < leaning
    return (y[first] - slopes * x[first])[steady], slopes[steady]
