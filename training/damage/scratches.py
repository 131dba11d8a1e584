"""Damage of prints and negatives with its mask, for training the detector.

All damage is drawn as a cover, its opacity at each pixel; random numbers come only from the given generator. The kinds
are those that restorers meet. That networks can learn from drawn damage was shown by [1]_ for old photographs and by
[2]_ for film.

References
----------
.. [1] Z. Wan et al., "Bringing Old Photos Back to Life", CVPR 2020.
.. [2] D. Ivanova et al., "Simulating analogue film damage to analyse and improve artefact restoration on
   high-resolution scans", Computer Graphics Forum 2023.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Mask, Plane
from training.damage.degrade import soften

Rng = np.random.Generator
Cover = NDArray[np.uint8]
"""Opacity of damage, shape (H, W), from 0 to 255."""

VISIBLE = 0.1
"""Opacity above which damage belongs to the mask."""
_SAME_PAPER = 0.75
"""Share of the damage that has the same tone as other damage of its print."""
_SUBPIXEL = 4
"""Fractional bits in the coordinates of lines."""


def damaged(image: Image, rng: Rng) -> tuple[Image, Mask]:
    """Return a damaged print, and the mask of its damage.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    damaged : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    mask : ndarray of bool, shape (H, W)
        Where damage is visible.
    """
    mask = np.zeros(image.shape[:2], bool)
    is_light = rng.random() < 0.6  # damage of prints shows white paper; damage of negatives prints black
    paper, dirt = (_tone(is_paper, rng) for is_paper in (True, False))
    for kind in _chosen(rng):
        cover = np.zeros(image.shape[:2], np.uint8)
        kind(cover, rng)
        is_paper = is_light if rng.random() < 0.85 else not is_light
        tone = (paper if is_paper else dirt) if rng.random() < _SAME_PAPER else _tone(is_paper, rng)
        opacity = soften(np.divide(cover, 255, dtype=np.float32), rng.uniform(0.3, 0.9))
        mask |= opacity > VISIBLE
        image = image + opacity[..., None] * (_textured(tone, image, rng) - image)
    return np.clip(image, 0, 1), mask


def _chosen(rng: Rng) -> list[Callable[[Cover, Rng], None]]:
    """Choose at least one kind of damage."""
    return [kind for kind, chance in KINDS if rng.random() < chance] or [scratches]


def _tone(is_light: bool, rng: Rng) -> Image:
    """Return the colour of bare paper or of dirt, shape (3,), usually nearly grey."""
    grey = rng.uniform(0.72, 1.0) if is_light else rng.uniform(0.0, 0.28)
    tint = rng.normal(0, 0.12 if rng.random() < 0.15 else 0.02, 3)
    return np.clip(grey + tint, 0, 1).astype(np.float32)


def _textured(tone: Image, image: Image, rng: Rng) -> Image:
    """Return a tone as a picture, sometimes with the fibres of paper."""
    if rng.random() < 0.7:
        return np.broadcast_to(tone, image.shape)
    fibres = clouds(image.shape[:2], rng.uniform(0.5, 2), rng) * np.float32(rng.uniform(0.01, 0.05))
    return np.clip(tone + fibres[..., None], 0, 1)


def clouds(size: tuple[int, int], scale: float, rng: Rng) -> Plane:
    """Return smooth noise of standard deviation 1, shape (H, W), in clumps of about `scale` pixels."""
    coarse = max(1, int(scale / 2))
    small = rng.standard_normal((size[0] // coarse + 2, size[1] // coarse + 2), np.float32)
    noise = cv2.resize(soften(small, scale / coarse), size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-6), np.float32)


# Lines


def walk(start: Image, heading: float, length: float, bend: float, rng: Rng, *, jitter: float = 0.0) -> Image:
    """Return the points of a randomly bending line, shape (N, 2), as x and y.

    Parameters
    ----------
    start : ndarray, shape (2,)
        First point.
    heading : float
        First direction, in radians.
    length : float
        Length in pixels.
    bend : float
        Standard deviation, in radians, of the turn over 10 pixels.
    rng : numpy.random.Generator
        Random generator.
    jitter : float
        Standard deviation of the points' distance from the line, in pixels.
    """
    step = float(np.clip(length / 12, 2, 8))
    count = max(int(length / step), 2)
    headings = heading + np.cumsum(rng.normal(0, bend * np.sqrt(step / 10), count))
    moves = step * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    points = start + np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    return np.asarray(points + rng.normal(0, jitter, points.shape), np.float32)


def stroke(cover: Cover, points: Image, width: int, opacity: float, *, gaps: float, rng: Rng) -> None:
    """Draw a line in pieces of slightly different opacity; the share `gaps` of them is left out."""
    pieces = max(len(points) // 4, 1)
    whole = np.round(points * 2**_SUBPIXEL).astype(np.int32)
    is_smooth = cv2.LINE_AA if rng.random() < 0.7 else cv2.LINE_8
    for piece in np.array_split(np.arange(len(points) - 1), pieces):
        if piece.size and rng.random() >= gaps:
            value = 255 * np.clip(opacity * rng.uniform(0.75, 1.15), 0, 1)
            line = whole[piece[0] : piece[-1] + 2]
            cv2.polylines(cover, [line], False, value, width, is_smooth, _SUBPIXEL)


def _somewhere(cover: Cover, rng: Rng) -> Image:
    """Return a random point in the picture or a little outside, as x and y."""
    return np.asarray(rng.uniform(-0.15, 1.15, 2) * cover.shape[::-1], np.float32)


def scratches(cover: Cover, rng: Rng) -> None:
    """Draw long, nearly straight scratches, vertical as on film or in any direction."""
    direction = np.pi / 2 if rng.random() < 0.6 else rng.uniform(0, np.pi)
    spread = rng.choice([0.03, 0.15, 1.0])
    for _ in range(rng.integers(1, 6)):
        length = max(cover.shape) * rng.uniform(0.1, 1.5)
        heading = direction + rng.normal(0, spread) + rng.choice([0, np.pi])
        points = walk(_somewhere(cover, rng), heading, length, rng.uniform(0, 0.05), rng, jitter=rng.uniform(0, 0.7))
        width = int(rng.choice([1, 1, 1, 2, 2, 3, 4, 5]))
        stroke(cover, points, width, rng.uniform(0.35, 1), gaps=rng.choice([0, 0, 0, 0.1, 0.3]), rng=rng)


def hairs(cover: Cover, rng: Rng) -> None:
    """Draw thin, curled hairs and fibres."""
    for _ in range(rng.integers(1, 4)):
        points = walk(
            _somewhere(cover, rng), rng.uniform(0, 2 * np.pi), rng.uniform(15, 160), rng.uniform(0.2, 0.6), rng
        )
        stroke(cover, points, int(rng.integers(1, 3)), rng.uniform(0.4, 1), gaps=0, rng=rng)


def cracks(cover: Cover, rng: Rng) -> None:
    """Draw jagged, branching cracks of the emulsion."""
    for _ in range(rng.integers(1, 4)):
        _crack(cover, _somewhere(cover, rng), rng.uniform(0, 2 * np.pi), rng.uniform(40, 250), 3, rng)


def _crack(cover: Cover, start: Image, heading: float, length: float, branches: int, rng: Rng) -> None:
    points = walk(start, heading, length, rng.uniform(0.2, 0.5), rng, jitter=rng.uniform(0.3, 1.5))
    stroke(cover, points, int(rng.integers(1, 3)), rng.uniform(0.4, 1), gaps=0.05, rng=rng)
    for _ in range(rng.integers(0, branches + 1)):
        fork = points[rng.integers(len(points))]
        _crack(cover, fork, heading + rng.choice([-1, 1]) * rng.uniform(0.4, 1.4), length / 2, branches - 1, rng)


def crackle(cover: Cover, rng: Rng) -> None:
    """Draw a net of fine cracks, as in dried emulsion, over a part of the print."""
    height, width = cover.shape
    net = cv2.Subdiv2D((-width, -height, 3 * width, 3 * height))
    for _ in range(int(2 * height * width / rng.uniform(12, 45) ** 2) + 4):
        net.insert(_somewhere(cover, rng).tolist())
    value = 255 * rng.uniform(0.35, 0.9)
    for cell in net.getVoronoiFacetList([])[0]:
        cv2.polylines(cover, [(cell * 2**_SUBPIXEL).round().astype(np.int32)], True, value, 1, cv2.LINE_AA, _SUBPIXEL)
    rows, columns = np.indices(cover.shape, np.float32)
    across, down = (axis + 2 * clouds(cover.shape, 6, rng) for axis in (columns, rows))
    cover[:] = cv2.remap(cover, across, down, cv2.INTER_LINEAR)
    cover[clouds(cover.shape, rng.uniform(20, 60), rng) < rng.uniform(-1, 1)] = 0


def folds(cover: Cover, rng: Rng) -> None:
    """Draw a fold: a straight line across the print, with gaps where the emulsion is intact."""
    middle, heading = _somewhere(cover, rng), rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.normal(0, 0.06)
    length = 3 * max(cover.shape)
    start = middle - length / 2 * np.array([np.cos(heading), np.sin(heading)])
    points = walk(start, heading, length, 0.003, rng, jitter=rng.uniform(0, 0.8))
    width, opacity = int(rng.integers(2, 9)), rng.uniform(0.5, 1)
    stroke(cover, points, width, opacity, gaps=rng.choice([0, 0.1, 0.3]), rng=rng)
    if rng.random() < 0.5:  # flaked emulsion beside the fold
        for point in points[rng.random(len(points)) < 0.15]:
            _flake(cover, point + rng.normal(0, width, 2), rng.uniform(1, width + 2), opacity, rng)


# Spots


def dust(cover: Cover, rng: Rng) -> None:
    """Draw dust: many specks, most of them small, sometimes clustered."""
    heap = _somewhere(cover, rng) if rng.random() < 0.3 else None
    largest = rng.choice([1.5, 3, 5])
    for _ in range(rng.integers(2, 30)):
        centre = _somewhere(cover, rng) if heap is None else heap + rng.normal(0, 40, 2).astype(np.float32)
        _flake(cover, centre, rng.uniform(0.6, largest), rng.uniform(0.45, 1), rng)


def _flake(cover: Cover, centre: Image, radius: float, opacity: float, rng: Rng) -> None:
    """Draw a speck: an ellipse, or a ragged polygon."""
    at = np.round(centre * 2**_SUBPIXEL).astype(np.int32)
    value = 255 * float(opacity)
    if radius < 2 or rng.random() < 0.5:
        axes = np.round(radius * rng.uniform(0.5, 1, 2) * 2**_SUBPIXEL).astype(np.int32)
        cv2.ellipse(cover, at.tolist(), axes.tolist(), rng.uniform(0, 180), 0, 360, value, -1, cv2.LINE_AA, _SUBPIXEL)
        return
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    reach = radius * rng.uniform(0.5, 1.3, 9) * 2**_SUBPIXEL
    polygon = at + np.stack([reach * np.cos(angles), reach * np.sin(angles)], axis=1)
    cv2.fillPoly(cover, [polygon.round().astype(np.int32)], value, cv2.LINE_AA, _SUBPIXEL)


def losses(cover: Cover, rng: Rng) -> None:
    """Draw lost emulsion: ragged islands with sharp edges."""
    size = cover.shape[:2]
    shape = clouds(size, rng.uniform(4, 25), rng) + 0.3 * clouds(size, 2, rng)
    near = _bump(cover, rng.uniform(15, 60), rng)
    cover[shape + 4 * near > rng.uniform(3.8, 5)] = int(255 * rng.uniform(0.7, 1))


def stains(cover: Cover, rng: Rng) -> None:
    """Draw stains of a liquid: semi-transparent, more opaque at the rim."""
    for _ in range(rng.integers(1, 4)):
        near = _bump(cover, rng.uniform(5, 25), rng) + 0.05 * clouds(cover.shape, 8, rng)
        inside = near > 0.5
        cover[inside] = int(255 * rng.uniform(0.3, 0.8))
        if rng.random() < 0.6:
            rim = inside & (near < 0.5 + rng.uniform(0.05, 0.15))
            cover[rim] = int(255 * rng.uniform(0.6, 1))


def _bump(cover: Cover, radius: float, rng: Rng) -> Plane:
    """Return a smooth elliptic bump at a random place, 1 at its top, shape (H, W)."""
    x, y = _somewhere(cover, rng)
    across, down = radius * rng.uniform(0.6, 1.6, 2)
    rows, columns = np.ogrid[: cover.shape[0], : cover.shape[1]]
    return np.exp(-(((columns - x) / across) ** 2) - ((rows - y) / down) ** 2).astype(np.float32)


def tears(cover: Cover, rng: Rng) -> None:
    """Draw a torn-off corner, or a strip along a side, with a ragged edge."""
    height, width = cover.shape
    depth = rng.uniform(0.05, 0.4) * min(height, width)
    along = np.linspace(-0.1, 1.1, 40)
    slope = rng.uniform(0.6, 1.6) if rng.random() < 0.6 else 0.0  # a corner, else a strip
    edge = depth * (1 - slope * along * 2) + np.cumsum(rng.normal(0, 0.6, 40)) + rng.normal(0, 1, 40)
    points = np.stack([along * width, edge], axis=1)
    polygon = np.concatenate([points, [[1.2 * width, -50], [-0.2 * width, -50]]]).round().astype(np.int32)
    torn = np.zeros_like(cover)
    cv2.fillPoly(torn, [polygon], 255, cv2.LINE_AA)
    turned = np.rot90(torn, int(rng.integers(4)))
    if turned.shape != cover.shape:
        turned = cv2.resize(turned, cover.shape[::-1], interpolation=cv2.INTER_LINEAR)
    np.maximum(cover, turned[:, ::-1] if rng.random() < 0.5 else turned, out=cover)


KINDS: tuple[tuple[Callable[[Cover, Rng], None], float], ...] = (
    (scratches, 0.65),
    (dust, 0.6),
    (hairs, 0.25),
    (folds, 0.25),
    (cracks, 0.12),
    (crackle, 0.06),
    (losses, 0.08),
    (stains, 0.06),
    (tears, 0.06),
)
"""Every kind of damage, and the share of damaged patches that have it; kinds that cover many pixels are rare, so that
they do not dominate the loss."""
