"""Small pictures made from numbers, so that tests need no photograph."""

import numpy as np
from PIL import Image


def scene(height=64, width=80, seed=0):
    """Smooth colours with sharp-edged discs: float32 RGB in [0.1, 0.9]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    image = np.stack([x, y, 1 - x], 2) * 0.4 + 0.3
    for _ in range(12):
        centre, radius = rng.random(2), rng.uniform(0.03, 0.15)
        inside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
        image[inside] = rng.uniform(0.1, 0.9, 3)
    return image.astype(np.float32)


def write_photographs(folder, count, size=64):
    """PNG files photo0.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pixels = (scene(size, size, seed=i) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo{i}.png")
    return folder


def gradient_energy(image):
    return float(np.square(np.diff(image, axis=0)).mean() + np.square(np.diff(image, axis=1)).mean())
