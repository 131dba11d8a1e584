"""Pictures to learn to find faces in: several labelled photographs side by side, at random sizes, and damaged.

References
----------
.. [1] A. Bochkovskiy et al., "YOLOv4", 2020: mosaics of several photographs.
"""

import csv
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pictures
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.arrays import Image8

SURE, UNSURE = 0.85, 0.5
"""Scores of the labels from which on a face is sure, and possible."""
LEAST = 10
"""Least width of a sure face in the labelled picture, and `SMALLEST` in a mosaic, in pixels."""
SMALLEST = 7.5
NEVER = ("pets", "animals", "tiny64_food", "insects_plants", "vehicles")
"""Folders whose unsure detections are of anything but people."""
SURE_IN_NEVER = 0.8
MOST = 32
"""Faces and ignored places in one mosaic, at most."""
MIRRORED = [1, 0, 2, 4, 3]
"""The points of a mirrored face, by their number before."""
PEOPLE = 0.55
"""Part of the cells that show a picture with sure faces."""
GRIDS = (0.25, 0.35, 0.25, 0.15)
"""Parts of the mosaics with 1, 4, 9 and 16 pictures."""
TURN = 20.0
"""Most that pictures are turned, in degrees."""
NOISE = 512
"""Side of the plane that noise is taken from."""

Rows = NDArray[np.float32]
"""Left, top, width, height, five points as x and y, and 1 for sure faces, else 0; shape (N, 15)."""


@dataclass(frozen=True)
class Labelled:
    """A picture and its faces."""

    pixels: Image8
    rows: Rows

    @property
    def has_faces(self) -> bool:
        """Whether a face is sure."""
        return bool(self.rows[:, 14].any())


def read(pictures: Sequence[Path], labels: Sequence[Path]) -> list[Labelled]:
    """Return the labelled pictures of tar files.

    Parameters
    ----------
    pictures : sequence of Path
        Tar files.
    labels : sequence of Path
        CSV files with the columns file, det, x, y, w, h, score, right_eye_x and so on; det is 0 in a picture without
        faces. Files are known by their last two folders and name, or less.
    """
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for path in labels:
        with path.open(newline="") as lines:
            for row in csv.DictReader(lines):
                rows[row["file"]].append(row)
    found = []
    for path in pictures:
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name if member.name in rows else member.name.partition("/")[2]
                if name in rows and (file := archive.extractfile(member)):
                    found.append(Labelled(_decode(file.read()), _faces(rows[name])))
    return found


def _decode(data: bytes) -> Image8:
    with Pictures.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def _faces(rows: list[dict[str, str]]) -> Rows:
    """Return sure and unsure faces; detections of animals and food are neither."""
    faces = []
    for row in rows:
        score = float(row["score"] or 0)
        never = row["file"].startswith(NEVER) and score < SURE_IN_NEVER
        if row["det"] != "0" and score >= UNSURE and not never:
            numbers = [float(row[name]) for name in ("x", "y", "w", "h", *list(row)[10:20])]
            faces.append([*numbers, float(score >= SURE and numbers[2] >= LEAST)])
    return np.array(faces, np.float32).reshape(-1, 15)


class Mosaics(Dataset[tuple[Tensor, Tensor]]):
    """Mosaics and their faces.

    Parameters
    ----------
    pictures : list of Labelled
        Some with faces, some without.
    side : int
        Side of a mosaic in pixels.
    count : int
        Length of the data set.
    seed : int
        Mosaic `i` depends on the seed and on `i` alone.
    """

    def __init__(self, pictures: list[Labelled], side: int, count: int, *, seed: int) -> None:
        self.with_faces = [picture for picture in pictures if picture.has_faces]
        self.without = [picture for picture in pictures if not picture.has_faces]
        self.side, self.count, self.seed = side, count, seed
        self.noise = np.random.default_rng(seed).normal(0, 1, (NOISE, NOISE, 3)).astype(np.float32)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return mosaic number `index`, bytes of shape (3, side, side), and its rows, (MOST, 15), padded by -1."""
        rng = np.random.default_rng((self.seed, index))
        canvas, rows = self._composed(rng)
        canvas = self._damaged(canvas, rng)
        padded = np.full((MOST, 15), -1, np.float32)
        padded[: len(rows[:MOST])] = rows[:MOST]
        return torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1))), torch.from_numpy(padded)

    def _composed(self, rng: np.random.Generator) -> tuple[Image8, Rows]:
        count = 1 + int(rng.choice(len(GRIDS), p=GRIDS))
        x, y = (self._lines(count, rng) for _ in range(2))
        canvas = np.empty((self.side, self.side, 3), np.uint8)
        found = []
        for top, bottom in pairwise(y):
            for left, right in pairwise(x):
                pool = self.with_faces if rng.random() < PEOPLE else self.without
                picture = pool[rng.integers(len(pool))]
                pixels, rows = _cell(picture, right - left, bottom - top, rng)
                canvas[top:bottom, left:right] = pixels
                rows[:, :2] += (left, top)
                rows[:, 4:14] += np.tile((left, top), 5)
                found.append(rows)
        return canvas, np.concatenate(found)

    def _lines(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return where the cells of a mosaic begin and end."""
        step = self.side / count
        inner = [round(step * (i + rng.uniform(-0.25, 0.25))) for i in range(1, count)]
        return [0, *inner, self.side]

    def _damaged(self, canvas: Image8, rng: np.random.Generator) -> Image8:
        """Reduce, blur, tone, add noise and store as JPEG, each to some mosaics."""
        side = canvas.shape[0]
        if rng.random() < 0.25:
            small = round(side / rng.uniform(1.2, 2.5))
            reduced = cv2.resize(canvas, (small, small), interpolation=cv2.INTER_AREA)
            canvas = cv2.resize(reduced, (side, side), interpolation=cv2.INTER_CUBIC)
        elif rng.random() < 0.25:
            canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 2.0))
        canvas = _toned(canvas, rng)
        if rng.random() < 0.4:
            top, left = rng.integers(NOISE - side + 1, size=2)
            plane = self.noise[top : top + side, left : left + side] * np.float32(rng.uniform(2, 35))
            plane = plane if rng.random() < 0.5 else plane[..., :1]
            canvas = np.clip(canvas + plane, 0, 255).astype(np.uint8)
        if rng.random() < 0.4:
            _, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))])
            canvas = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return canvas


def _toned(canvas: Image8, rng: np.random.Generator) -> Image8:
    """Return a mosaic with other tones; some are grey or brown."""
    mix = np.eye(3)
    if rng.random() < 0.35:
        mix = np.tile((0.299, 0.587, 0.114), (3, 1))
    if rng.random() < 0.2:
        mix = mix * np.array([[1.0], [rng.uniform(0.85, 1)], [rng.uniform(0.55, 1)]])
    contrast = rng.uniform(0.5, 1.3)
    shift = 128 * (1 - contrast) + rng.uniform(-35, 35)
    return np.asarray(cv2.transform(canvas, np.hstack([contrast * mix, np.full((3, 1), shift)])), np.uint8)


def _cell(picture: Labelled, width: int, height: int, rng: np.random.Generator) -> tuple[Image8, Rows]:
    """Return a picture enlarged or reduced, turned, mirrored and cut to a cell, and its faces there."""
    tall, wide = picture.pixels.shape[:2]
    sure = picture.rows[picture.rows[:, 14] > 0]
    fill = max(width / wide, height / tall)
    if len(sure):
        face = sure[rng.integers(len(sure))]
        most = min(1.1 * min(width, height), 3.5 * face[3])
        size = np.exp(rng.uniform(np.log(9), np.log(max(12, most))))
        scale = max(size / face[3], 0.35 * fill)
        centre = face[:2] + face[2:4] / 2
        aim = np.array([width, height]) * rng.uniform(0.25, 0.75, 2)
    else:
        scale = np.exp(rng.uniform(np.log(0.8 * fill), np.log(max(2.5 * fill, 1.2))))
        centre = np.array([wide, tall]) * rng.uniform(0.3, 0.7, 2)
        aim = np.array([width, height]) / 2
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    angle = np.deg2rad(rng.uniform(-TURN, TURN)) * (rng.random() < 0.6)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [mirror, 1.0]
    place = np.hstack([turn, (aim - turn @ centre)[:, None]])
    return _warped(picture.pixels, place, scale, width, height, rng), _moved(picture.rows, place, scale, width, height)


def _warped(
    pixels: Image8, place: NDArray[np.float64], scale: float, width: int, height: int, rng: np.random.Generator
) -> Image8:
    if scale < 0.7:
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        place = place @ np.diag([pixels.shape[1] / small.shape[1], pixels.shape[0] / small.shape[0], 1.0])
        pixels = small
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    colour = [int(v) for v in rng.integers(256, size=3)] if rng.random() < 0.5 else [128] * 3
    return np.asarray(
        cv2.warpAffine(pixels, place, (width, height), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=colour),
        np.uint8,
    )


def _moved(rows: Rows, place: NDArray[np.float64], scale: float, width: int, height: int) -> Rows:
    """Return faces at their new places; those that are cut off or too small become unsure, or are left out."""
    if not len(rows):
        return rows
    moved = rows.copy()
    centres = (rows[:, :2] + rows[:, 2:4] / 2) @ place[:, :2].T + place[:, 2]
    moved[:, 2:4] *= scale
    moved[:, :2] = centres - moved[:, 2:4] / 2
    points = rows[:, 4:14].reshape(-1, 5, 2) @ place[:, :2].T + place[:, 2]
    if np.linalg.det(place[:, :2]) < 0:
        points = points[:, MIRRORED]
    moved[:, 4:14] = points.reshape(-1, 10)
    near, far = np.clip(moved[:, :2], 0, (width, height)), np.clip(moved[:, :2] + moved[:, 2:4], 0, (width, height))
    seen = np.prod(far - near, axis=1) / np.prod(moved[:, 2:4], axis=1)
    moved[:, 14] *= (seen > 0.7) & (moved[:, 3] >= SMALLEST)
    unsure = moved[:, 14] == 0
    moved[unsure, :4] = np.hstack([near, far - near])[unsure]
    return moved[seen > 0.2]
