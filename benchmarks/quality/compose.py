"""Compose scans of prints whose outlines are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from pipeline.arrays import Image, Plane
from pipeline.scans import Outline

KINDS = ("dark glass", "bright glass", "touching", "white borders", "album", "one print", "phone")
"""Kinds of scans, besides pictures without a border."""

SIZE = (1700, 2200)
"""Width and height of a scan in pixels: a page of A4 at 200 dpi."""

_CARDS = ((0.09, 0.09, 0.1), (0.3, 0.23, 0.17), (0.45, 0.45, 0.43), (0.86, 0.82, 0.72))
"""Colours of album pages."""

_AROUND = 40
"""How far shadows reach beyond a print, in pixels."""

_MARGIN = 30


@dataclass(frozen=True)
class Sheet:
    """A scan, and where its prints are."""

    image: Image
    outlines: tuple[Outline, ...]


@dataclass(frozen=True)
class Style:
    """What prints lie on, and how."""

    glass: tuple[float, float, float]
    turn: float = 10.0
    """Largest angle in degrees."""

    shadow: float = 0.0
    """Darkness of the soft shadow, of 1."""

    line: float = 0.0
    """Darkness of the sharp shadow along the edge, of 1."""

    border: float = 0.0
    """Width of the white border in shares of the short side; 0 for none."""

    paper: float = 0.95
    texture: float = 0.0
    """Standard deviation of the grain of the page."""

    mounts: bool = False
    """Whether paper corners hold the prints."""

    skew: float = 0.0
    """How far corners move for perspective, in shares of the side."""


def compose(photographs: Sequence[Image], kind: str, rng: Generator) -> Sheet:
    """Return a scan of 1 to 8 prints, or of 1 where its kind has no more.

    Parameters
    ----------
    photographs : sequence of ndarray
        RGB in [0, 1].
    kind : str
        One of `KINDS`.
    rng : Generator
        Chooses everything else.
    """
    style = _style(kind, rng)
    count = (
        1 if kind in ("one print", "phone") else int(rng.integers(2, 9) if kind == "touching" else rng.integers(1, 9))
    )
    places = _touching(count, rng) if kind == "touching" else _scattered(count, style, rng)
    canvas = _page(style, rng)
    for corners in places:
        picture = _print(photographs[int(rng.integers(len(photographs)))], corners, style, rng)
        lay(canvas, picture, corners, style, rng)
    for corners in places if style.mounts else ():
        mount(canvas, corners, rng)
    _dust(canvas, rng)
    outlines = [Outline(tuple((float(x), float(y)) for x, y in corners)) for corners in places]  # type: ignore[arg-type]
    return Sheet(_scanned(canvas, rng), tuple(outlines))


def _style(kind: str, rng: Generator) -> Style:
    dark, bright = _tinted(rng.uniform(0.02, 0.16), rng), _tinted(rng.uniform(0.84, 0.97), rng)
    either = dark if rng.random() < 0.5 else bright
    border = float(rng.choice([0.0, 0.0, rng.uniform(0.02, 0.06)]))
    white = rng.uniform(0.93, 0.98)
    styles = {
        "dark glass": Style(dark, border=border),
        "bright glass": Style(bright, shadow=rng.uniform(0.05, 0.3), line=rng.uniform(0, 0.2)),
        "touching": Style(either, shadow=rng.uniform(0, 0.15)),
        "white borders": Style(
            _tinted(white, rng),
            line=rng.uniform(0.08, 0.25),
            border=rng.uniform(0.03, 0.07),
            paper=white - rng.uniform(0.02, 0.06),
        ),
        "album": Style(
            _CARDS[int(rng.integers(len(_CARDS)))],
            shadow=rng.uniform(0.05, 0.25),
            border=border,
            texture=rng.uniform(0.004, 0.02),
            mounts=True,
        ),
        "phone": Style(_tinted(rng.uniform(0.1, 0.6), rng), turn=6, shadow=0.2, border=border, texture=0.01, skew=0.05),
    }
    return styles.get(kind, Style(either, shadow=rng.uniform(0, 0.2), border=border))


def _tinted(grey: float, rng: Generator) -> tuple[float, float, float]:
    red, green, blue = (grey + rng.uniform(-0.015, 0.015, 3)).tolist()
    return red, green, blue


def _scattered(count: int, style: Style, rng: Generator) -> list[Image]:
    """Return the corners of prints, each in its own cell of a grid."""
    columns = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2}[count]
    rows = -(-count // columns)
    width, height = SIZE[0] / columns, SIZE[1] / rows
    places = []
    for cell in range(count):
        row, column = divmod(cell, columns)
        angle = rng.uniform(-style.turn, style.turn)
        size = _fitting(rng.uniform(0.62, 1.6), angle, (width - 2 * _MARGIN, height - 2 * _MARGIN), rng)
        room = (np.array([width, height]) - _spread(size, angle)) / 2 - _MARGIN / 2
        centre = (np.array([column, row]) + 0.5) * (width, height) + rng.uniform(-1, 1, 2) * np.maximum(room, 0)
        skew = rng.uniform(-style.skew, style.skew, (4, 2)) * min(size)
        places.append((rectangle(centre, size, angle) + skew).astype(np.float32))
    return places


def _touching(count: int, rng: Generator) -> list[Image]:
    """Return the corners of prints that lie edge to edge in rows of at most three."""
    places: list[Image] = []
    rows = -(-count // 3)
    height = SIZE[1] / rows
    angle = rng.uniform(-5, 5)
    for row in range(rows):
        members = min(3, count - 3 * row)
        tall = rng.uniform(0.45, 0.62) * min(height, 1000)
        sizes = [
            (tall * rng.uniform(0.75, 1.3), tall * rng.choice([1.0, rng.uniform(0.8, 1.0)])) for _ in range(members)
        ]
        shrink = min(1.0, 0.85 * SIZE[0] / sum(width for width, _ in sizes))
        centre = np.array([SIZE[0] / 2, (row + 0.5) * height])
        left = -sum(width for width, _ in sizes) * shrink / 2
        for width, high in sizes:
            gap, step = rng.uniform(0, 1.5), rng.uniform(-0.5, 0.5) * (tall - high) * shrink
            offset = turned(np.array([left + width * shrink / 2, step]), angle)
            places.append(rectangle(centre + offset, (width * shrink, high * shrink), angle))
            left += width * shrink + gap
    return places


def turned(point: ArrayLike, angle: float) -> Image:
    """Return points turned about the origin, in degrees clockwise as seen."""
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.asarray(np.asarray(point) @ np.array([[cos, sin], [-sin, cos]]), np.float32)


def rectangle(centre: ArrayLike, size: tuple[float, float], angle: float) -> Image:
    """Return the corners of a turned rectangle, clockwise from the top left, shape (4, 2)."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(size) / 2
    return np.asarray(turned(corners, angle) + np.asarray(centre), np.float32)


def _spread(size: tuple[float, float], angle: float) -> Image:
    corners = rectangle((0, 0), size, angle)
    return np.asarray(np.ptp(corners, axis=0), np.float32)


def _fitting(aspect: float, angle: float, room: tuple[float, float], rng: Generator) -> tuple[float, float]:
    size = (aspect**0.5, aspect**-0.5)
    most = float((np.array(room) / _spread(size, angle)).min()) * rng.uniform(0.6, 1.0)
    return size[0] * most, size[1] * most


def _page(style: Style, rng: Generator) -> Image:
    canvas = np.empty((SIZE[1], SIZE[0], 3), np.float32)
    canvas[:] = style.glass
    if style.texture:
        grain = cv2.GaussianBlur(rng.normal(0, 1, canvas.shape[:2]).astype(np.float32), (0, 0), 2)
        canvas += (grain * (style.texture / grain.std()))[..., None]
    return canvas


def _print(photograph: Image, corners: Image, style: Style, rng: Generator) -> Image:
    """Return a part of a photograph in the shape of a print, with a white border where the style has one."""
    width, height = (max(round(float(np.linalg.norm(corners[0] - corners[i]))), 8) for i in (1, 3))
    high, wide = photograph.shape[:2]
    factor = min(wide / width, high / height)
    part_w, part_h = int(width * factor), int(height * factor)
    x, y = int(rng.integers(wide - part_w + 1)), int(rng.integers(high - part_h + 1))
    kind = cv2.INTER_AREA if factor > 1 else cv2.INTER_CUBIC
    picture = cv2.resize(photograph[y : y + part_h, x : x + part_w], (width, height), interpolation=kind)
    edge = round(style.border * min(width, height))
    if edge:
        inner = picture[edge:-edge, edge:-edge].copy()
        picture[:] = style.paper
        picture[edge:-edge, edge:-edge] = inner
    return np.clip(picture, 0, 1)


def lay(canvas: Image, picture: Image, corners: Image, style: Style, rng: Generator) -> None:
    """Lay a print on the page, with its shadows."""
    height, width = picture.shape[:2]
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - _AROUND, 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + _AROUND
    canvas = canvas[top:bottom, left:right]
    own = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(own - 0.5, (corners - (left, top) - 0.5).astype(np.float32))
    size = (canvas.shape[1], canvas.shape[0])
    cover = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)
    way = rng.uniform(-1, 1, 2)
    for strength, sigma, shift in ((style.shadow, rng.uniform(4, 10), 4.0), (style.line, 1.5, 1.2)):
        if strength:
            canvas *= 1 - (strength * _shadow(cover, sigma, way * shift))[..., None]
    inside = cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    canvas += cover[..., None] * (inside - canvas)


def _shadow(cover: Plane, sigma: float, shift: NDArray[np.float64]) -> Plane:
    soft = cv2.GaussianBlur(cover, (0, 0), sigma)
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return np.asarray(cv2.warpAffine(soft, move, (cover.shape[1], cover.shape[0])), np.float32)


def mount(canvas: Image, corners: Image, rng: Generator) -> None:
    """Draw paper corners over the corners of a print."""
    colour = _tinted(float(rng.choice([0.06, 0.5, 0.9])), rng)
    side = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min()) * rng.uniform(0.05, 0.12)
    centre = corners.mean(axis=0)
    for index in range(4):
        corner, before, after = corners[index], corners[index - 1], corners[(index + 1) % 4]
        outer = corner + 3 * (corner - centre) / np.linalg.norm(corner - centre)
        ends = [outer + side * (end - corner) / np.linalg.norm(end - corner) for end in (before, after)]
        triangle = np.rint(np.array([outer, *ends]) * 16 - 8).astype(np.int32)
        cv2.fillPoly(canvas, [triangle], colour, lineType=cv2.LINE_AA, shift=4)


def _dust(canvas: Image, rng: Generator) -> None:
    for _ in range(int(rng.integers(10, 80))):
        at = (int(rng.integers(canvas.shape[1])), int(rng.integers(canvas.shape[0])))
        cv2.circle(canvas, at, int(rng.integers(1, 3)), _tinted(rng.uniform(0.1, 0.9), rng), -1, lineType=cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        start, step = rng.uniform(0, 1, 2) * SIZE, rng.normal(0, 25, (6, 2))
        points = np.rint(start + np.cumsum(step, axis=0)).astype(np.int32)
        cv2.polylines(canvas, [points], False, _tinted(rng.uniform(0.2, 0.8), rng), lineType=cv2.LINE_AA)


def _scanned(canvas: Image, rng: Generator) -> Image:
    """Return the page under uneven light, with noise, in 8 bits, half of them through JPEG."""
    height, width = canvas.shape[:2]
    across, down = rng.uniform(-0.06, 0.06, 2)
    light = 1 + across * (np.arange(width) / width - 0.5)[None] + down * (np.arange(height) / height - 0.5)[:, None]
    noise = rng.standard_normal(canvas.shape, np.float32) * rng.uniform(0.002, 0.01)
    eight = np.rint(np.clip(canvas * light[..., None].astype(np.float32) + noise, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, data = cv2.imencode(".jpg", eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(85, 96))])
        eight = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
    return eight.astype(np.float32) / 255
