"""Decoys: lines, stripes, letters and repeated things that look like damage but belong to the picture.

They are drawn before the picture is aged, so that a network does not learn that every thin line is a scratch. Single
lines have the picture's own colours and run behind its objects. What repeats regularly (fences, lattices, beads) has
any tone, since damage is never regular; so have writing and light clothes.
"""

from collections.abc import Callable

import cv2
import numpy as np

from pipeline.arrays import Image, Plane
from training.damage.degrade import soften
from training.damage.scratches import Cover, Rng, clouds, walk

_LETTERS = np.array(list("ABCDEFGHIKLMNOPRSTUVWabcdefghiklmnoprstuvw0123456789"))
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


_MARGINS = 0.1
"""Share of the patches with the margin of a print."""


def decorated(image: Image, rng: Rng) -> Image:
    """Return a picture with random decoys.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    ndarray, shape (H, W, 3)
        RGB in [0, 1].
    """
    for kind, chance in KINDS:
        if rng.random() < chance:
            cover = np.zeros(image.shape[:2], np.uint8)
            kind(cover, rng)
            opacity = soften(np.divide(cover, 255, dtype=np.float32), rng.uniform(0.4, 1.2)) * _behind(image, rng)
            image = image + opacity[..., None] * (_own_colour(image, rng) - image)
    for kind, chance in REPEATED:
        if rng.random() < chance:
            image = _raised(image, kind, rng)
    return np.clip(_margin(image, rng) if rng.random() < _MARGINS else image, 0, 1)


def _own_colour(image: Image, rng: Rng) -> Image:
    """Return a colour of the picture, shape (3,), perhaps darker; seldom as light as paper or as dark as dirt.

    If decoys were as dark as dirt, a network would learn to leave all dark lines unmarked.
    """
    height, width = image.shape[:2]
    return image[rng.integers(height), rng.integers(width)] * np.float32(rng.uniform(0.6, 1))


def _behind(image: Image, rng: Rng) -> Plane:
    """Return 1 where the picture is lighter (or darker) than a random value, else 0: foreground objects hide lines."""
    grey = soften(image, 2).mean(axis=2)
    limit = np.percentile(grey, rng.uniform(10, 60))
    return np.asarray(grey > limit if rng.random() < 0.6 else grey < limit, np.float32)


def _raised(image: Image, kind: Callable[[Cover, Rng], None], rng: Rng) -> Image:
    """Return a picture with a decoy of any tone, mostly lit from one side as things with a depth are."""
    cover = np.zeros(image.shape[:2], np.uint8)
    kind(cover, rng)
    opacity = soften(np.divide(cover, 255, dtype=np.float32), rng.uniform(0.4, 1))
    if rng.random() < 0.3:
        opacity = opacity * _behind(image, rng)
    tone = _own_colour(image, rng) if rng.random() < 0.4 else np.float32(rng.uniform(0, 1))
    across, down = rng.normal(0, 0.5, 2).astype(np.float32)
    height = soften(opacity, rng.uniform(0.8, 2))
    light = across * cv2.Sobel(height, cv2.CV_32F, 1, 0) + down * cv2.Sobel(height, cv2.CV_32F, 0, 1)
    lit = tone + (light if rng.random() < 0.7 else np.zeros_like(light))[..., None]
    return np.clip(image + opacity[..., None] * (lit - image), 0, 1)


def wires(cover: Cover, rng: Rng) -> None:
    """Draw wires hanging side by side."""
    height, width = cover.shape
    x = np.linspace(-0.1, 1.1, 40)
    sag, tilt, top = rng.uniform(0, 0.3), rng.normal(0, 0.4), rng.uniform(0, 1)
    thickness = int(rng.integers(1, 4))
    for number in range(rng.integers(1, 6)):
        y = top + tilt * (x - 0.5) + 4 * sag * x * (1 - x) + number * rng.uniform(0.03, 0.1)
        points = np.stack([x * width, y * height], axis=1)
        _line(cover, points if rng.random() < 0.7 else points[:, ::-1], thickness)


def frames(cover: Cover, rng: Rng) -> None:
    """Draw straight lines that cross at right angles, as in windows, fences and tiles."""
    height, width = cover.shape
    pitch, thickness = rng.uniform(15, 90, 2), int(rng.integers(1, 5))
    for x in np.arange(rng.uniform(0, pitch[0]), width, pitch[0]):
        _line(cover, np.array([[x, -5], [x + rng.normal(0, 1), height + 5]]), thickness)
    if rng.random() < 0.6:
        for y in np.arange(rng.uniform(0, pitch[1]), height, pitch[1]):
            _line(cover, np.array([[-5, y], [width + 5, y + rng.normal(0, 1)]]), thickness)


def stripes(cover: Cover, rng: Rng) -> None:
    """Draw striped cloth: many parallel lines inside an ellipse."""
    size = np.array(cover.shape[::-1])
    angle, pitch, thickness = rng.uniform(0, np.pi), rng.uniform(5, 18), int(rng.integers(1, 5))
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    cloth = np.zeros_like(cover)
    for offset in np.arange(-size.max(), size.max(), pitch):
        middle = size / 2 + offset * across
        _line(cloth, np.stack([middle - 2 * size.max() * along, middle + 2 * size.max() * along]), thickness)
    outline = np.zeros_like(cover)
    centre, axes = rng.uniform(0, 1, 2) * size, rng.uniform(0.1, 0.5, 2) * size
    cv2.ellipse(outline, centre.astype(int).tolist(), axes.astype(int).tolist(), rng.uniform(0, 180), 0, 360, 255, -1)
    np.copyto(cover, np.minimum(cloth, outline))


def letters(cover: Cover, rng: Rng) -> None:
    """Draw some lines of letters."""
    height, width = cover.shape
    font, scale, thickness = int(rng.choice(_FONTS)), rng.uniform(0.3, 1.8), int(rng.integers(1, 4))
    x, y = int(rng.uniform(-0.2, 0.6) * width), int(rng.uniform(0.1, 0.9) * height)
    for number in range(rng.integers(1, 4)):
        text = "".join(rng.choice(_LETTERS, rng.integers(3, 14)))
        cv2.putText(cover, text, (x, y + int(number * 40 * scale)), font, scale, 255, thickness, cv2.LINE_AA)


def whiskers(cover: Cover, rng: Rng) -> None:
    """Draw whiskers, grass or hair: curved lines that spread from nearly one point."""
    root = rng.uniform(0, 1, 2) * cover.shape[::-1]
    middle = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(4, 14)):
        start = (root + rng.normal(0, 5, 2)).astype(np.float32)
        _line(cover, walk(start, middle + rng.normal(0, 0.4), rng.uniform(20, 120), 0.12, rng), int(rng.integers(1, 3)))


def lattices(cover: Cover, rng: Rng) -> None:
    """Draw a chain-link fence or trellis: two sets of parallel lines that cross at a slant."""
    size = np.array(cover.shape[::-1], np.float32)
    pitch, thickness, tilt = rng.uniform(7, 45), int(rng.integers(1, 4)), rng.normal(0, 0.15)
    wave, reach = rng.choice([0, 0, 0.15]) * pitch, float(size.max())
    along = np.linspace(-reach, reach, 120)
    for slant in (tilt + rng.uniform(0.5, 1.0), tilt - rng.uniform(0.5, 1.0)):
        ahead, aside = np.array([np.cos(slant), np.sin(slant)]), np.array([-np.sin(slant), np.cos(slant)])
        for number, offset in enumerate(np.arange(-reach, reach, pitch)):
            sway = offset + wave * np.sin(np.pi * (along / pitch + number))
            _line(cover, size / 2 + along[:, None] * ahead + sway[:, None] * aside, thickness)


def bars(cover: Cover, rng: Rng) -> None:
    """Draw a balustrade, picket fence or planks: equal bars, mostly between rails, seen at a slant."""
    height, width = cover.shape
    pitch, share = rng.uniform(4, 30), rng.uniform(0.15, 0.6)
    top, bottom = np.sort(rng.uniform(-0.2, 1.2, 2)) * height
    fall = rng.normal(0, 0.15)
    for x in np.arange(rng.uniform(-pitch, 0), width + pitch, pitch):
        drop = fall * (x - width / 2)
        _line(cover, np.array([[x, top + drop], [x + rng.normal(0, 0.3), bottom + drop]]), max(1, round(pitch * share)))
    for y in (top, bottom) if rng.random() < 0.8 else ():
        ends = np.array([[-9, y - fall * (width / 2 + 9)], [width + 9, y + fall * (width / 2 + 9)]])
        _line(cover, ends, int(rng.integers(1, 6)))
    turned = np.rot90(cover) if rng.random() < 0.3 and height == width else cover
    np.copyto(cover, turned.copy())


def beads(cover: Cover, rng: Rng) -> None:
    """Draw beads, lamps or buttons: equal discs along a hanging or straight line."""
    points = _hanging(cover, rng)
    radius = rng.uniform(1, 7)
    step = radius * rng.uniform(1.9, 5)
    gone = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    for at in np.arange(0, gone[-1], step):
        x, y = (np.interp(at, gone, axis) for axis in points.T)
        cv2.circle(cover, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, 4)
    if rng.random() < 0.4:
        _line(cover, points, 1)


def cords(cover: Cover, rng: Rng) -> None:
    """Draw cords, straps, chains or seams: one or two smooth lines that hang or go round something."""
    points, thickness, apart = _hanging(cover, rng), int(rng.integers(1, 9)), rng.uniform(6, 40)
    for number in range(rng.integers(1, 3)):
        _line(cover, points + np.float32(number * apart), thickness)
    if rng.random() < 0.3:  # twisted, or stitches
        for at in np.arange(0, len(points) - 1, 2):
            _line(cover, points[at : at + 2] + np.float32(rng.normal(0, 0.3)), thickness + 2)


def spots(cover: Cover, rng: Rng) -> None:
    """Draw lamps, eyes of animals, flowers or the dots of cloth: alike discs, alone or in rows."""
    radius, pitch = rng.uniform(1, 5), rng.uniform(10, 40)
    start, shift = rng.uniform(0, pitch, 2), rng.choice([0, 0.5])
    rows, columns = rng.integers(1, 12, 2)
    corner = rng.uniform(0, 0.8, 2) * cover.shape[::-1]
    for row in range(rows):
        for column in range(columns):
            x, y = corner + start + pitch * np.array([column + shift * (row % 2), row])
            cv2.circle(cover, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, 4)


def writing(cover: Cover, rng: Rng) -> None:
    """Draw lines of handwriting: loops that lean, joined into words."""
    height, width = cover.shape
    size, lean, thickness = rng.uniform(4, 18), rng.uniform(-0.2, 0.7), int(rng.integers(1, 4))
    for line in range(rng.integers(1, 5)):
        x, y = rng.uniform(-0.3, 0.3) * width, rng.uniform(0.1, 0.9) * height / 2 + 3 * size * line
        for _ in range(rng.integers(1, 6)):
            t = np.linspace(0, 2 * np.pi * rng.integers(3, 9), 80)
            rise = size * (0.6 + np.repeat(rng.uniform(0, 1.2, 16), 5)) * np.sin(t)
            _line(cover, np.stack([x + 0.14 * size * t + 0.5 * size * np.cos(t) - lean * rise, y + rise], 1), thickness)
            x += 0.14 * size * t[-1] + 1.6 * size


def bands(cover: Cover, rng: Rng) -> None:
    """Draw wavy bands that fork, as on zebras, wood, sand and pleated cloth, in a part of the picture."""
    rows, columns = np.indices(cover.shape, np.float32)
    angle, pitch, size = rng.uniform(0, np.pi), rng.uniform(5, 25), cover.shape
    across = (np.cos(angle) * columns + np.sin(angle) * rows) / pitch
    wave = np.sin(2 * np.pi * (across + rng.uniform(0, 1.5) * clouds(size, rng.uniform(10, 40), rng)))
    inside = clouds(size, rng.uniform(20, 80), rng) > rng.uniform(-2, 1)
    cover[(wave > rng.uniform(-0.3, 0.7)) & inside] = 255


def cloths(cover: Cover, rng: Rng) -> None:
    """Draw a collar, bow, sleeve or sheet of paper: an even shape with clear edges."""
    centre, reach = rng.uniform(0, 1, 2) * cover.shape[::-1], rng.uniform(6, 50, 2)
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
    corners = centre + reach * rng.uniform(0.4, 1, (angles.size, 1)) * np.stack([np.cos(angles), np.sin(angles)], 1)
    cv2.fillPoly(cover, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)


def _hanging(cover: Cover, rng: Rng) -> Image:
    """Return the points of a hanging or bent smooth line, shape (80, 2), as x and y."""
    ends = rng.uniform(-0.1, 1.1, (3, 2)) * cover.shape[::-1]
    t = np.linspace(0, 1, 80)[:, None]
    return np.asarray((1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2], np.float32)


def _margin(image: Image, rng: Rng) -> Image:
    """Return the picture with the margin of a print on one or two sides, some of them worn, deckled or ruled."""
    paper = np.float32(rng.uniform(0.7, 1) if rng.random() < 0.75 else rng.uniform(0, 0.3))
    depth = np.full(image.shape[:2], np.inf, np.float32)
    rows = np.arange(image.shape[0], dtype=np.float32)[:, None]
    for _ in range(rng.integers(1, 3)):
        wear = 0.0 if rng.random() < 0.6 else rng.uniform(0.3, 2) * np.cumsum(rng.normal(0, 0.4, image.shape[1]))
        side = rows - rng.uniform(3, 40) - np.float32(wear) - rng.normal(0, 0.02) * np.arange(image.shape[1])
        turned = np.rot90(np.broadcast_to(side, image.shape[:2]), int(rng.integers(4)))
        depth = np.minimum(depth, turned if turned.shape == depth.shape else depth)
    cover = np.clip(0.5 - depth, 0, 1)[..., None]
    tone = paper + np.float32(rng.uniform(0, 0.03)) * clouds(image.shape[:2], rng.uniform(0.6, 3), rng)[..., None]
    image = image + cover.astype(np.float32) * (tone - image)
    if rng.random() < 0.25:
        rule = (np.abs(depth + rng.uniform(3, 8)) < rng.uniform(0.6, 1.5)).astype(np.float32)[..., None]
        image = image + rule * (np.float32(rng.uniform(0, 1)) - image) * np.float32(rng.uniform(0.4, 1))
    return image


def _line(cover: Cover, points: Image, thickness: int) -> None:
    cv2.polylines(cover, [np.round(points * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)


KINDS: tuple[tuple[Callable[[Cover, Rng], None], float], ...] = (
    (wires, 0.08),
    (frames, 0.06),
    (stripes, 0.06),
    (letters, 0.08),
    (whiskers, 0.08),
)
"""Every kind of single decoy, and the share of patches that have it."""
REPEATED: tuple[tuple[Callable[[Cover, Rng], None], float], ...] = (
    (lattices, 0.05),
    (bars, 0.06),
    (beads, 0.05),
    (cords, 0.06),
    (spots, 0.04),
    (writing, 0.05),
    (bands, 0.06),
    (cloths, 0.08),
)
"""Every kind of decoy of any tone, and the share of patches that have it."""
