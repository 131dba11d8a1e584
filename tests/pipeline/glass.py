"""Compose scans of photographs that are free to share; where their prints lie is known."""

import numpy as np

from benchmarks.quality.compose import lay, mount, rectangle
from tests.photographs import photograph

NAMES = ("astronaut", "chelsea", "coffee", "rocket")
SIDE = 300
DARK, BRIGHT, WHITE, CARD = (0.07, 0.07, 0.08), (0.93, 0.93, 0.91), (0.96, 0.96, 0.96), (0.3, 0.23, 0.17)


def place(name, centre, angle=0.0):
    """Return where a photograph lies at the size that it has, shape (4, 2)."""
    height, width = photograph(name, SIDE).shape[:2]
    return rectangle(np.array(centre), (width, height), angle)


def scanned(places, style, size=(900, 1000)):
    """Return a scan of photographs on glass, with noise, light from one side, and dust."""
    rng = np.random.default_rng(5)
    canvas = np.full((size[1], size[0], 3), style.glass, np.float32)
    for name, corners in places.items():
        picture = photograph(name, SIDE).copy()
        if style.border:
            edge = round(style.border * min(picture.shape[:2]))
            inner = picture[edge:-edge, edge:-edge].copy()
            picture[:] = style.paper
            picture[edge:-edge, edge:-edge] = inner
        lay(canvas, picture, corners, style, rng)
        if style.mounts:
            mount(canvas, corners, rng)
    for x, y in rng.integers(0, size, (60, 2)):
        canvas[y : y + 2, x : x + 2] = 0.5
    canvas *= np.linspace(0.96, 1.04, size[0], dtype=np.float32)[None, :, None]
    return np.clip(canvas + rng.normal(0, 0.006, canvas.shape), 0, 1).astype(np.float32)


def four(angles=(7.3, -4.6, 0.0, -9.1)):
    centres = ((230, 240), (670, 250), (250, 720), (660, 700))
    return {name: place(name, at, angle) for name, at, angle in zip(NAMES, centres, angles, strict=True)}
