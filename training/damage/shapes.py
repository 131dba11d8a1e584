"""Damage of real prints and films, laid over photographs: cracks, dust, hairs, scuffs and stains from a tar file.

The file holds the shapes alone: ``cracks/NNN.png`` (branching lines, 1 bit), ``film/SCAN_KIND.png`` (all the damage of
one kind on a scan, 1 bit) and ``textures/KIND/NAME.webp`` (coverage, 8 bits). Tone, width, opacity and shading are
random. Shapes from real scans teach a detector more than drawn ones [1]_.

References
----------
.. [1] D. Ivanova et al., "Simulating analogue film damage to analyse and improve artefact restoration on
   high-resolution scans", Computer Graphics Forum 2023.
"""

import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from pipeline.arrays import Image, Mask, Plane
from pipeline.errors import OptionError
from training.damage.degrade import soften
from training.damage.scratches import VISIBLE, Cover, Rng, clouds

FIRST_KEPT_BACK = 101
"""Number of the first crack that is kept for measuring; those before it are for training."""
_BROAD = ("dots", "smut", "stain")
"""Kinds of textures that cover whole areas; they are laid small, so that light clothes do not resemble them."""
_FAINT = 0.04
"""Change of RGB from which a crease belongs to the mask."""
_LARGEST_PIECE = 1500
"""Longest side, in pixels of the scan, of a piece of film damage."""


@dataclass(frozen=True)
class Shapes:
    """Coverages of real damage, each of shape (H, W), from 0 to 255."""

    cracks: tuple[Cover, ...]
    film: tuple[tuple[Cover, ...], ...]
    """Pieces of damage, one tuple for each kind and scan."""
    fine: tuple[Cover, ...]
    broad: tuple[Cover, ...]


@lru_cache(maxsize=1)
def read(source: Path) -> Shapes:
    """Return the shapes of a tar file, without the cracks that are kept for measuring.

    Raises
    ------
    OptionError
        If the file is no such tar file.
    """
    if not (source.is_file() and tarfile.is_tarfile(source)):
        msg = f"Expected a tar file of damage shapes, got {source}. Check --shapes."
        raise OptionError(msg)
    found: dict[str, list[Cover]] = {"cracks": [], "film": [], "fine": [], "broad": []}
    with tarfile.open(source) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if (group := _group(Path(member.name))) and (file := archive.extractfile(member)):
                decoded = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
                found[group].append(np.asarray(decoded, np.uint8))
    if empty := [name for name, covers in found.items() if not covers]:
        msg = f"Expected shapes of cracks, film and textures in {source}, found no {empty[0]}. Check --shapes."
        raise OptionError(msg)
    film = tuple(pieces for cover in found["film"] if (pieces := _pieces(cover)))
    return Shapes(tuple(found["cracks"]), film, tuple(found["fine"]), tuple(found["broad"]))


def _group(path: Path) -> str:
    """Return the group of a member of the tar file; empty for folders and cracks that are kept back."""
    folders = path.parts[:-1]
    if path.suffix not in {".png", ".webp"}:
        return ""
    if "cracks" in folders:
        return "cracks" if int(path.stem) < FIRST_KEPT_BACK else ""
    if "film" in folders:
        return "film"
    return "broad" if folders[-1] in _BROAD else "fine"


def _pieces(cover: Cover) -> tuple[Cover, ...]:
    """Return the separate pieces of damage of a scan."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((cover > 0).astype(np.uint8), connectivity=8)
    pieces = []
    for label in range(1, count):
        x, y, width, height, area = stats[label]
        if area >= 12 and max(width, height) <= _LARGEST_PIECE:
            pieces.append(255 * (labels[y : y + height, x : x + width] == label).astype(np.uint8))
    return tuple(pieces)


def damaged(image: Image, shapes: Shapes, rng: Rng) -> tuple[Image, Mask]:
    """Return a print with real shapes of damage, as `read` returns them, and the mask of its damage.

    The other parameters and the result are those of `training.damage.scratches.damaged`.
    """
    mask = np.zeros(image.shape[:2], bool)
    is_light = rng.random() < 0.7
    kinds = [kind for kind, chance in _KINDS if rng.random() < chance] or [_cracked]
    for kind in kinds:
        image, seen = kind(image, shapes, is_light if rng.random() < 0.85 else not is_light, rng)
        mask |= seen
    return np.clip(image, 0, 1), mask


def _cracked(image: Image, shapes: Shapes, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Lay one or two cracks over the print, seldom a net of many."""
    size = image.shape[:2]
    mask = np.zeros(size, bool)
    is_net = rng.random() < 0.15
    for _ in range(rng.integers(4, 9) if is_net else rng.integers(1, 3)):
        away = _away(_laid(_of(shapes.cracks, rng), size, rng.uniform(0.5, 1.9), rng), rng)
        half = 0.5 * (3 if is_net else 8) ** np.float32(rng.uniform(0, 1)) * _ragged(size, rng)
        core = np.clip(half - away + 0.5, 0, 1)
        if is_light:
            image, rim = _shaded(image, core, away, half, rng)
            mask |= rim
        image, seen = _covered(image, core * np.float32(rng.uniform(0.55, 1)), is_light, rng)
        mask |= seen
    return image, mask


def _away(shape: Cover, rng: Rng) -> Plane:
    """Return the distance of each pixel from a shape, thinned by up to 3 pixels, shape (H, W)."""
    thick = (shape > 80).astype(np.uint8)
    thin = cv2.erode(thick, np.ones((3, 3), np.uint8), iterations=int(rng.integers(0, 4)))
    kept = thin if thin.sum() > thick.sum() / 20 else thick
    return np.asarray(cv2.distanceTransform(1 - kept, cv2.DIST_L2, 3), np.float32) if kept.any() else _nowhere(kept)


def _nowhere(shape: Cover) -> Plane:
    return np.full(shape.shape, 1e3, np.float32)


def _ragged(size: tuple[int, int], rng: Rng) -> Plane:
    """Return random factors of a width, about 1, shape (H, W)."""
    return np.maximum(1 + np.float32(rng.uniform(0.1, 0.4)) * clouds(size, rng.uniform(1.5, 6), rng), 0)


def _shaded(image: Image, core: Plane, away: Plane, half: Plane, rng: Rng) -> tuple[Image, Mask]:
    """Return the print, mostly with the shade of raised paper around a light crack or on one side of it; and where."""
    if rng.random() < 0.3:
        return image, np.zeros(core.shape, bool)
    rim = np.clip(half + np.float32(rng.uniform(0.7, 3)) - away + 0.5, 0, 1)
    if rng.random() < 0.4:
        shift = np.array([[1, 0, rng.normal(0, 2)], [0, 1, rng.normal(0, 2)]], np.float32)
        rim = cv2.warpAffine(rim, shift, rim.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    shade = np.float32(rng.uniform(0.08, 0.5)) * np.clip(rim - core, 0, 1)
    return image * (1 - shade[..., None]), shade > VISIBLE


def _creased(image: Image, shapes: Shapes, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Bend the print: a faint ridge, lit on one side and shaded on the other."""
    away = _away(_laid(_of(shapes.cracks, rng), image.shape[:2], rng.uniform(1, 3), rng), rng)
    ridge = np.exp(-((away / np.float32(rng.uniform(0.7, 2.5))) ** 2))
    across, down = rng.normal(0, 0.3, 2).astype(np.float32)
    slope = across * cv2.Sobel(ridge, cv2.CV_32F, 1, 0) + down * cv2.Sobel(ridge, cv2.CV_32F, 0, 1)
    change = np.float32(rng.uniform(0.06, 0.3)) * ((ridge if is_light else -ridge) + slope)
    return image + change[..., None], np.abs(change) > _FAINT


def _dusty(image: Image, shapes: Shapes, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Lay pieces of the damage of a film over the print."""
    pieces = shapes.film[rng.integers(len(shapes.film))]
    size = image.shape[:2]
    cover = np.zeros(size, np.uint8)
    scale = rng.uniform(0.15, 0.6)
    for _ in range(rng.integers(2, 25)):
        np.maximum(cover, _laid(_of(pieces, rng), size, scale, rng), out=cover)
    return _covered(image, cover * np.float32(rng.uniform(0.5, 1) / 255), is_light, rng)


def _scuffed(image: Image, shapes: Shapes, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Lay a field of fine scratches, specks or lint over the print."""
    cover = _laid(_of(shapes.fine, rng), image.shape[:2], rng.uniform(0.4, 1.4), rng)
    return _covered(image, cover * np.float32(rng.uniform(0.4, 1) / 255), is_light, rng)


def _stained(image: Image, shapes: Shapes, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Lay a small stain or flaked place over the print."""
    cover = _laid(_of(shapes.broad, rng), image.shape[:2], rng.uniform(0.05, 0.35), rng)
    return _covered(image, cover * np.float32(rng.uniform(0.5, 1) / 255), is_light, rng)


_KINDS = ((_cracked, 0.7), (_creased, 0.2), (_dusty, 0.4), (_scuffed, 0.2), (_stained, 0.06))
"""Every kind, and the share of damaged patches that have it."""


def _of(covers: tuple[Cover, ...], rng: Rng) -> Cover:
    return covers[rng.integers(len(covers))]


def _laid(shape: Cover, size: tuple[int, int], scale: float, rng: Rng) -> Cover:
    """Return a shape, turned, mirrored and scaled, with one of its pixels at a random place of the print."""
    if scale < 0.5:
        part = max(scale, 1 / min(shape.shape))
        shape = cv2.resize(shape, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        scale /= part
    rows, columns = np.nonzero(shape > 40)
    if not rows.size:
        return np.zeros(size, np.uint8)
    chosen = rng.integers(rows.size)
    angle, mirror = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([mirror, 1])
    move = rng.uniform(0, 1, 2) * size[::-1] - turn @ np.array([columns[chosen], rows[chosen]])
    moved = cv2.warpAffine(shape, np.column_stack([turn, move]), size[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def _covered(image: Image, cover: Plane, is_light: bool, rng: Rng) -> tuple[Image, Mask]:
    """Return the print under a cover of paper or dirt of uneven tone, and where it is visible."""
    opacity = soften(cover, rng.uniform(0.3, 0.8))
    grey = rng.uniform(0.65, 1.0) if is_light else rng.uniform(0.0, 0.25)
    tint = rng.normal(0, 0.07 if rng.random() < 0.15 else 0.015, 3)
    size = image.shape[:2]
    fibre = np.float32(rng.uniform(0, 0.09)) * clouds(size, rng.uniform(0.5, 2), rng)
    uneven = np.float32(rng.uniform(0, 0.06)) * clouds(size, rng.uniform(10, 50), rng)
    tone = np.clip(grey + tint.astype(np.float32) + (fibre + uneven)[..., None], 0, 1)
    return image + opacity[..., None] * (tone - image), opacity > VISIBLE
