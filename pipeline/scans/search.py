"""Find the prints on a scan."""

import cv2
import numpy as np

from pipeline.arrays import Image
from pipeline.errors import OptionError
from pipeline.scans import glass, regions, sides
from pipeline.scans.outline import Outline
from pipeline.scans.sides import Points, Side

_LONG = 1100
"""Long side at which prints are searched, in pixels; their sides are then laid through the edges at full size."""

_SOFT = 0.8
"""Standard deviation in pixels of the blur that lowers the noise of the glass."""

_PASSES = 2
_WIDE, _NARROW = (9.0, 0.06), (9.0, 0.004)
"""How far sides are searched from the first guess, in pixels of the reduced scan, and by which slope they may lean; and
the same once the angle of a rectangle is known."""

_SUPPORT, _SURE_SUPPORT = (0.4, 0.65), (0.6, 0.8)
"""Share of each side along which there is an edge, and the mean of all, at least; and the same of the only print."""

_EXPLAINED, _ALONE = 0.6, 0.9
"""Share of everything that is no glass that lies in prints, at least, and in the only print: else it is a picture."""

_LARGE = 0.15
"""Share of the picture that a print takes in perspective, at least."""

_MOST_AT_EDGE = 2
"""Sides of a print that may lie along the edge of the scan."""

_NEARLY = 0.5
"""Deviation from right angles, in degrees, up to which sides are those of a rectangle."""


def find(image: Image) -> tuple[Outline, ...]:
    """Return the outlines of the prints on a scan, in reading order; none if it holds one picture without a border.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    scale = max(max(image.shape[:2]) / _LONG, 1.0)
    small = _reduced(image, scale)
    lab = cv2.medianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), 3)
    page = glass.measure(cv2.GaussianBlur(lab, (0, 0), _SOFT))
    if page is None:
        return ()
    guess = regions.quadrilaterals(lab, page)
    factors = np.array(image.shape[1::-1]) / np.array(small.shape[1::-1])
    alone = len(guess.corners) == 1
    found = [_refined(image, corners * factors, scale, alone=alone) for corners in guess.corners]
    outlines = [outline for outline in found if outline is not None]
    explained = sum(outline.area for outline in outlines) / (guess.area * factors.prod() + 1)
    return in_reading_order(outlines) if explained >= (_ALONE if alone else _EXPLAINED) else ()


def _reduced(image: Image, scale: float) -> Image:
    size = tuple(max(round(side / scale), 1) for side in image.shape[1::-1])
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _refined(image: Image, corners: Points, scale: float, *, alone: bool) -> Outline | None:
    """Return the outline whose sides lie on the edges near a first guess; None if it is no print."""
    angle = None
    for _ in range(_PASSES):
        reach, leaning = _WIDE if angle is None else _NARROW
        found = sides.refine(image, corners, reach * scale, leaning)
        angle = _common_angle(found, alone=alone)
        if angle is not None:
            found = [side.turned_to(angle + 90 * i) for i, side in enumerate(found)]
        corners = sides.intersections(found)
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    try:
        outline = Outline((a, b, c, d))
    except OptionError:
        return None
    return outline if _is_print(outline, found, image, alone=alone) else None


def _is_print(outline: Outline, found: list[Side], image: Image, *, alone: bool) -> bool:
    """Say whether an outline is that of a print: a rectangle, or the one picture that a camera took at an angle."""
    if sum(side.at_edge for side in found) > _MOST_AT_EDGE:
        return False
    support = [side.support for side in found]
    least, mean = _SURE_SUPPORT if alone else _SUPPORT
    if min(support) < least or np.mean(support) < mean:
        return False
    return outline.is_rectangle or (alone and outline.area >= _LARGE * image.shape[0] * image.shape[1])


def _common_angle(found: list[Side], *, alone: bool) -> float | None:
    """Return the angle of a rectangle in degrees; None in perspective.

    At least three sides agree on it. Of the only print, which may be in perspective, the fourth then has few edges.
    """
    turns = np.array([side.angle - 90 * i for i, side in enumerate(found)])
    turns = turns[0] + (turns - turns[0] + 180) % 360 - 180
    weights = np.array([side.length * side.support for side in found])
    agree = np.abs(turns[:, None] - turns) <= _NEARLY
    best = (agree * weights).sum(axis=1).argmax()
    odd = [side.support for side, fits in zip(found, agree[best], strict=True) if not fits]
    if len(odd) > 1 or (alone and odd and odd[0] >= _SURE_SUPPORT[1]):
        return None
    return float(np.average(turns[agree[best]], weights=weights[agree[best]] ** 2 + 1e-9))


def in_reading_order(outlines: list[Outline]) -> tuple[Outline, ...]:
    """Return outlines row by row from the top, each row from the left.

    Those whose middles lie within half a height of each other are of one row.
    """
    rest = sorted(outlines, key=lambda outline: _middle(outline)[1])
    ordered: list[Outline] = []
    while rest:
        limit = _middle(rest[0])[1] + rest[0].size[1] / 2
        row = [outline for outline in rest if _middle(outline)[1] < limit]
        ordered += sorted(row, key=lambda outline: _middle(outline)[0])
        rest = rest[len(row) :]
    return tuple(ordered)


def _middle(outline: Outline) -> tuple[float, float]:
    x, y = np.mean(outline.corners, axis=0)
    return float(x), float(y)
