"""Photographs for training: read from a folder or a tar file, and cut into patches."""

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

from pipeline.arrays import Image, Image8
from pipeline.errors import OptionError, PhotoUnreadable

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"}
TURNS = ("e", "r90", "r180", "r270", "v", "hvt", "h", "t")
REDUCED_PART = 0.5
"""Share of the patches that are cut larger and then reduced."""
MOST_REDUCED = 2.0
"""Largest factor by which they are reduced."""
LARGE = 4
"""Area, in patches, from which on a photograph is drawn as often as any larger one."""


@dataclass(frozen=True)
class Photograph:
    """A decoded picture."""

    name: str
    """Its file name, without folders."""
    pixels: Image8
    """RGB, shape (H, W, 3)."""
    origin: str = ""
    """Its origin according to the manifest; empty where no manifest lists it."""


Fit = Callable[[Image8], Image8 | None]
"""Resizes a picture as the task needs it, or returns None to leave it out."""

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]
"""What a network is given and what it should answer, shapes (H, W, channels); sizes and channels may differ."""


def read_photographs(
    source: Path,
    *,
    side: int,
    tiers: frozenset[str] = frozenset(),
    manifest: Sequence[Path] = (),
    fit: Fit = lambda pixels: pixels,
) -> list[Photograph]:
    """Return the decoded pictures of a folder (with its subfolders) or of a tar file.

    Parameters
    ----------
    source : Path
        Folder or tar file.
    side : int
        Pictures with a side below this many pixels are left out.
    tiers : frozenset of str
        Tiers to read, as the manifest spells them; empty reads all.
    manifest : sequence of Path
        CSV files with columns ``file`` (only the last part of the path counts), ``tier`` and ``origin``; needed to
        choose by tier and to read origins.
    fit : callable
        Called with each picture as soon as it is decoded.

    Returns
    -------
    list of Photograph
        Sorted by name.

    Raises
    ------
    OptionError
        If no picture is left, or tiers are given without a manifest.
    """
    known = _rows(manifest)
    if tiers and not known:
        msg = "Expected a manifest with the columns file and tier, to choose by tiers. Give --manifest."
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
            f"Expected photographs of at least {side} pixels a side in {source}, found none "
            f"(smaller ones: {len(photographs)}). Choose another folder, other tiers or a smaller patch."
        )
        raise OptionError(msg)
    return sorted(large, key=lambda photo: photo.name)


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every picture file."""
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
        msg = f"Expected a folder or a tar file of photographs, got {source}. Check --data."
        raise OptionError(msg)


def _rows(manifest: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return the rows of all manifests by file name without folders."""
    rows: dict[str, dict[str, str]] = {}
    for path in manifest:
        with path.open(newline="") as lines:
            rows |= {Path(row["file"]).name: row for row in csv.DictReader(lines)}
    return rows


def decode(data: bytes) -> Image8:
    """Return the pixels of a picture file: RGB, shape (H, W, 3).

    Raises
    ------
    PhotoUnreadable
        If Pillow cannot read it.
    """
    try:
        with Pictures.open(BytesIO(data)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        msg = f"Expected a picture file, got {len(data)} bytes that cannot be decoded. Remove or replace the file."
        raise PhotoUnreadable(msg) from error


def hold_out(
    photographs: list[Photograph], count: int, origins: frozenset[str] = frozenset()
) -> tuple[list[Photograph], list[Photograph]]:
    """Split photographs into those to train on and those to validate on.

    Parameters
    ----------
    photographs : list of Photograph
        All of them.
    count : int
        How many to validate on, where `origins` is empty. They are chosen by a hash of their names, so the choice
        stays the same when other pictures are added or removed, and figures stay comparable.
    origins : frozenset of str
        Validate on all photographs of these origins.

    Returns
    -------
    seen, unseen : list of Photograph
        To train on, and to validate on.

    Raises
    ------
    OptionError
        If there is no picture of one of the origins, or one of the two lists is empty.
    """
    if origins:
        if missing := origins - {photo.origin for photo in photographs}:
            msg = f"Expected photographs of the origin {min(missing)!r} in the manifests, found none. Check --origins."
            raise OptionError(msg)
        seen, unseen = ([p for p in photographs if (p.origin in origins) == held] for held in (False, True))
    else:
        ranked = sorted(photographs, key=lambda photo: zlib.crc32(photo.name.encode()))
        seen, unseen = ranked[count:], ranked[:count]
    if not seen or not unseen:
        msg = (
            f"Expected photographs to train on and others to validate on, got {len(seen)} and {len(unseen)}. "
            "Add photographs, or change --held-out or --origins."
        )
        raise OptionError(msg)
    return seen, unseen


def random_patch(photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
    """Return a random square of `side` pixels out of one of the photographs, turned or mirrored; RGB in [0, 1].

    Half of the squares are cut up to twice as large and then reduced, which also reduces the traces of compression
    and sharpens colours that the file stores at half the resolution.
    """
    photo = _drawn(photographs, side, rng)
    cut = side
    if rng.random() < REDUCED_PART:
        cut = round(side * rng.uniform(1, min(MOST_REDUCED, min(photo.shape[:2]) / side)))
    top, left = (rng.integers(length - cut + 1) for length in photo.shape[:2])
    turned = geometry.d4(photo[top : top + cut, left : left + cut], TURNS[rng.integers(len(TURNS))])
    square = np.divide(turned, 255, dtype=np.float32)
    return square if cut == side else cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)


def _drawn(photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image8:
    """Return a random photograph; those below `LARGE` patches are drawn in proportion to their area."""
    while True:
        pixels = photographs[rng.integers(len(photographs))].pixels
        if rng.random() * LARGE * side**2 < pixels.shape[0] * pixels.shape[1]:
            return pixels


class Patches(Dataset[tuple[Tensor, Tensor]]):
    """Random patches of photographs, each made into what a network is given and what it should answer.

    Parameters
    ----------
    photographs : list of Photograph
        No side is shorter than `side`.
    side : int
        Side of a patch in pixels.
    make : callable
        Takes a patch (RGB in [0, 1], shape (side, side, 3)) and the random generator; returns a `Pair`.
    count : int
        Length of the data set.
    seed : int
        Patch `i` depends on the seed and on `i` alone, so an interrupted run resumes exactly.
    cut : callable
        Takes photographs, side and random generator; returns a patch.
    """

    def __init__(
        self,
        photographs: list[Photograph],
        side: int,
        make: Callable[[Image, np.random.Generator], Pair],
        count: int,
        *,
        seed: int,
        cut: Callable[[list[Photograph], int, np.random.Generator], Image] = random_patch,
    ) -> None:
        self.photographs = photographs
        self.side = side
        self.make = make
        self.count = count
        self.seed = seed
        self.cut = cut

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return input and goal number `index`, shapes (channels, height, width)."""
        rng = np.random.default_rng((self.seed, index))
        given, goal = self.make(self.cut(self.photographs, self.side, rng), rng)
        return to_tensor(given), to_tensor(goal)


def to_tensor(image: NDArray[np.float32]) -> Tensor:
    """Return an array of shape (H, W, channels) as a tensor of shape (channels, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def quiet_worker(_: int) -> None:
    """Keep OpenCV to one thread in a process that makes patches: the network and other processes need the cores."""
    cv2.setNumThreads(0)
