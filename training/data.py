"""Photographs to train on: read once, cut into damaged and clean patches for ever."""

import csv
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import torch
from albumentations.augmentations.geometric import functional as geometry
from numpy.typing import NDArray
from PIL import Image as Pictures
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.errors import OptionError, PhotoUnreadable
from training.damage.degrade import Image, grey, soften
from training.damage.recipes import Recipe

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"}
TURNS = ("e", "r90", "r180", "r270", "v", "hvt", "h", "t")
CRISP_SIGMA = 1.5
"""Width of the unsharp mask on the goal, in pixels."""
REDUCED_PART = 0.5
MOST_REDUCED = 2.0
"""How many patches are cut larger and reduced, and by how much at most."""
GREY_PART = 0.1
"""Part of the patches made grey: old photographs are, and must stay so."""


@dataclass(frozen=True)
class Photograph:
    """A decoded picture: its file name, uint8 RGB pixels of shape (H, W, 3), and its origin by the manifest."""

    name: str
    pixels: NDArray[np.uint8]
    origin: str = ""


Fit = Callable[[NDArray[np.uint8]], NDArray[np.uint8] | None]
"""Brings a picture to the size that is wanted, or leaves it out."""


def read_photographs(
    source: Path,
    *,
    side: int,
    tiers: frozenset[str] = frozenset(),
    manifest: Sequence[Path] = (),
    fit: Fit = lambda pixels: pixels,
) -> list[Photograph]:
    """Decode the pictures of a folder (with its folders) or of a tar file.

    Parameters
    ----------
    source : Path
        Folder or tar file.
    side : int
        Pictures with a side below this many pixels are left out.
    tiers : frozenset of str
        Terms that are wanted, as the manifest spells them; empty takes all.
    manifest : sequence of Path
        CSV files with columns ``file``, of whose path only the last part counts, ``tier`` and ``origin``; needed to
        choose by tiers, and to know origins.
    fit : callable
        Called with each picture as soon as it is decoded.

    Returns
    -------
    list of Photograph
        Sorted by name.

    Raises
    ------
    OptionError
        If no picture is left, or tiers are asked for without a manifest.
    """
    known = _rows(manifest)
    if tiers and not known:
        msg = "choosing by tiers needs a manifest with columns file and tier: give --manifest"
        raise OptionError(msg)
    photographs = []
    for name, data in _files(source):
        row = known.get(name, {})
        if not tiers or row.get("tier") in tiers:
            pixels = fit(decode(data))
            if pixels is not None:
                photographs.append(Photograph(name, pixels, row.get("origin", "")))
    large = [photo for photo in photographs if min(photo.pixels.shape[:2]) >= side]
    if not large:
        msg = (
            f"expected photographs of at least {side} pixels a side in {source}, found none "
            f"(smaller ones: {len(photographs)}): choose another folder, other tiers or a smaller patch"
        )
        raise OptionError(msg)
    return sorted(large, key=lambda photo: photo.name)


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every picture file."""
    if source.is_dir():
        for path in source.rglob("*"):
            if path.suffix.lower() in SUFFIXES:
                yield path.name, path.read_bytes()
    elif source.is_file() and tarfile.is_tarfile(source):
        with tarfile.open(source) as archive:
            for member in archive:
                if Path(member.name).suffix.lower() in SUFFIXES and (f := archive.extractfile(member)):
                    yield Path(member.name).name, f.read()
    else:
        msg = f"expected a folder or a tar file of photographs, got {source}: check --data"
        raise OptionError(msg)


def _rows(manifest: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Read manifests; return rows by bare file name."""
    rows: dict[str, dict[str, str]] = {}
    for path in manifest:
        with path.open(newline="") as lines:
            rows |= {Path(row["file"]).name: row for row in csv.DictReader(lines)}
    return rows


def decode(data: bytes) -> NDArray[np.uint8]:
    """Decode a picture file to RGB, (H, W, 3).

    Raises
    ------
    PhotoUnreadable
        If Pillow cannot read it.
    """
    try:
        with Pictures.open(BytesIO(data)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        msg = f"expected a picture that can be decoded, got {len(data)} bytes that cannot: {error}"
        raise PhotoUnreadable(msg) from error


def hold_out(
    photographs: list[Photograph], count: int, origins: frozenset[str] = frozenset()
) -> tuple[list[Photograph], list[Photograph]]:
    """Split into pictures to train on and to validate on: those of `origins`, or else `count` chosen by their names.

    The choice does not change when other pictures come or go, so a figure keeps its meaning.

    Raises
    ------
    OptionError
        If there is no picture of one of the origins.
    """
    if origins:
        if missing := origins - {photo.origin for photo in photographs}:
            msg = f"expected photographs of the origin {min(missing)!r} by the manifests, found none: check --origins"
            raise OptionError(msg)
        seen, unseen = ([p for p in photographs if (p.origin in origins) == held] for held in (False, True))
        return seen, unseen
    ranked = sorted(photographs, key=lambda photo: zlib.crc32(photo.name.encode()))
    return ranked[count:], ranked[:count]


class Patches(Dataset[tuple[Tensor, Tensor]]):
    """Random patches, each turned, perhaps made grey, and damaged.

    Parameters
    ----------
    photographs : list of Photograph
        What to cut from; no side below `patch`.
    patch : int
        Side of the clean patch in pixels.
    damage : callable
        Makes the network's input from the clean patch.
    count : int
        How many there are.
    seed : int
        Patch `i` depends on the seed and on `i` alone, so an interrupted run goes on exactly.
    crisp : float
        Strength of `crispen` on the clean patch, after the damaged one is made.
    """

    def __init__(
        self,
        photographs: list[Photograph],
        patch: int,
        damage: Recipe,
        count: int,
        *,
        seed: int,
        crisp: float = 0,
    ) -> None:
        self.photographs = photographs
        self.patch = patch
        self.damage = damage
        self.count = count
        self.seed = seed
        self.crisp = crisp

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Patch number `index`: the input and the goal, (3, h, w) and (3, H, W), RGB in [0, 1]."""
        rng = np.random.default_rng((self.seed, index))
        clean = random_patch(self.photographs, self.patch, rng)
        if rng.random() < GREY_PART:
            clean = grey(clean)
        return to_tensor(self.damage(clean, rng)), to_tensor(crispen(clean, self.crisp))


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Random patches, each turned, and what a task makes of each: what the network is given, and its goal.

    Parameters
    ----------
    photographs : list of Photograph
        What to cut from; no side below `patch`.
    patch : int
        Side of the patch in pixels.
    make : callable
        Takes a patch, RGB in [0, 1], and the source of chance; returns both, shapes (H, W, channels).
    count : int
        How many there are.
    seed : int
        Patch `i` depends on the seed and on `i` alone.
    """

    def __init__(
        self,
        photographs: list[Photograph],
        patch: int,
        make: Callable[[Image, np.random.Generator], tuple[Image, Image]],
        count: int,
        *,
        seed: int,
    ) -> None:
        self.photographs = photographs
        self.patch = patch
        self.make = make
        self.count = count
        self.seed = seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Pair number `index`, shapes (channels, patch, patch)."""
        rng = np.random.default_rng((self.seed, index))
        given, goal = self.make(random_patch(self.photographs, self.patch, rng), rng)
        return to_tensor(given), to_tensor(goal)


def random_patch(photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
    """Cut a square of `side` pixels out of one of the photographs, and turn or mirror it; RGB in [0, 1].

    Half of the squares are larger and are then reduced, by up to 2: what compression did to a photograph goes with it,
    and colours that were kept at half the resolution become as sharp as the rest.
    """
    photo = photographs[rng.integers(len(photographs))].pixels
    cut = side
    if rng.random() < REDUCED_PART:
        cut = round(side * rng.uniform(1, min(MOST_REDUCED, min(photo.shape[:2]) / side)))
    top, left = (rng.integers(length - cut + 1) for length in photo.shape[:2])
    turned = geometry.d4(photo[top : top + cut, left : left + cut], TURNS[rng.integers(len(TURNS))])
    square = np.divide(turned, 255, dtype=np.float32)
    return square if cut == side else cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)


def crispen(image: Image, amount: float) -> Image:
    """Unsharp mask on a goal: a network that cannot know fine detail answers too softly without it.

    Real-ESRGAN sharpens what its networks learn from in the same way.
    """
    if not amount:
        return image
    return np.clip(image + amount * (image - soften(image, CRISP_SIGMA)), 0, 1)


def to_tensor(image: Image) -> Tensor:
    """(H, W, 3) array to (3, H, W) tensor."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
