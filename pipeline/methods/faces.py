"""Find the faces of a photograph: boxes and five points, by a small network at several sizes of the picture.

References
----------
.. [1] W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023: the order of
   the points, and maps at strides 8, 16 and 32.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime.network import Network
from pipeline.arrays import Image

FINDER = "fast-finder"
EMBEDDER = "fast-embedding"
"""Ids of the networks that find a face, and that say whose it is."""

STRIDES = (8, 16, 32)
"""Sides of the cells of the network's three maps, in pixels."""
CANDIDATE = 0.4
"""Score at the first look from which on a place is looked at again."""
THRESHOLD = 0.68
"""Least mean score of both looks; it was chosen on pictures held out from training."""
SMALLEST = 8
"""Least sides of a face, in pixels of the picture: smaller ones cannot be told from other spots."""
OVERLAP = 0.4
"""Intersection over union from which on two boxes are the same face."""
INSIDE = 0.8
"""Part of the smaller box inside another from which on the two are the same face."""

_MOST_PIXELS = 1_500_000
"""Area to which larger pictures are reduced first; a face of 30 pixels in 24 megapixels still has 8."""
_LEAST_SIDE = 640
"""Long side up to which smaller pictures are enlarged, by no more than 2."""
_STEP = 3
"""Each look is this many times smaller than the one before; the network finds faces of 8 to 100 pixels and more."""
_COARSEST = 128
"""Long side of the last look, in which a face may fill the frame."""
_MARGIN, _WIDEST = 0.15, 48
"""Border added around a picture: a part of its long side, and at most so many pixels. Faces at the edge of a picture,
and those that fill it, are found far better."""
_GREY = (0.5, 0.5, 0.5)
_POINTS = 5
_SIDE, _ZOOMED = 128, 44
"""Side of the square of the second look, and of the face in it, in pixels."""
_TOGETHER = 16
"""Second looks that the network takes at once."""
_ASTRAY, _OTHER = 14, 1.5
"""How far from its middle, in pixels, and how many times larger or smaller a face may be found there."""


@dataclass(frozen=True)
class Face:
    """A face in a picture."""

    box: tuple[float, float, float, float]
    """Left, top, width and height in pixels; parts may lie outside the picture."""
    points: NDArray[np.float32]
    """x and y in pixels of the person's right eye, left eye, nose, and right and left corner of the mouth, (5, 2)."""
    score: float
    """How sure the network is, in [0, 1]."""


def find(image: Image, network: Network) -> tuple[Face, ...]:
    """Return the faces of a picture, the largest first.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    network : Network
        That of the model `FINDER`.

    Returns
    -------
    tuple of Face
        In pixels of the picture. Of several boxes for one face, only the best is kept. Each is looked at again at one
        size, as it is and in a mirror: dogs and textures that pass for a face once seldom do so three times.

    Raises
    ------
    Cancelled, MemoryError, InferenceFailed
        As `Network.run` does.
    """
    found = np.concatenate([_look(image, scale, network) for scale in _scales(*image.shape[:2])])
    rows = _best(found)
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        for row, score in zip(some, _again(image, some, network), strict=True):
            row[0] = (row[0] + score) / 2
    faces = [_face(row) for row in rows if row[0] >= THRESHOLD]
    return tuple(sorted(faces, key=lambda face: -face.box[2] * face.box[3]))


def _again(image: Image, rows: Sequence[NDArray[np.float32]], network: Network) -> list[float]:
    """Return for each face the mean score of it, enlarged or reduced to one size, and of its mirror image."""
    squares = np.stack([_zoomed(image, row) for row in rows])
    both = np.concatenate([squares, squares[:, :, ::-1]]).transpose(0, 3, 1, 2)
    scores = [_score(answer) for answer in network.run(np.ascontiguousarray(both))]
    return [(one + other) / 2 for one, other in zip(scores[: len(rows)], scores[len(rows) :], strict=True)]


def _zoomed(image: Image, row: NDArray[np.float32]) -> Image:
    """Return the square of the second look at a face."""
    middle, size = (row[1:3] + row[3:5]) / 2, float(np.prod(row[3:5] - row[1:3])) ** 0.5
    scale = _ZOOMED / size
    near = np.maximum(0, middle - _SIDE / 2 / scale).astype(int)
    far = np.ceil(middle + _SIDE / 2 / scale).astype(int)
    part = image[near[1] : far[1], near[0] : far[0]]
    height, width = (min(_SIDE, max(1, round(side * scale))) for side in part.shape[:2])
    left, top = np.clip(np.round(_SIDE / 2 - (middle - near) * scale).astype(int), 0, (_SIDE - width, _SIDE - height))
    square = np.full((_SIDE, _SIDE, 3), _GREY[0], np.float32)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square[top : top + height, left : left + width] = cv2.resize(part, (width, height), interpolation=kind)
    return square


def _score(answer: NDArray[np.float32]) -> float:
    """Return the best score of a face of the expected size in the middle of a square of the second look."""
    placed = _placed(answer, _SIDE, _SIDE)
    near, far = placed[:, 1:3], placed[:, 3:5]
    size = np.sqrt(np.prod(far - near, axis=1)) / _ZOOMED
    there = (np.abs(near + far - _SIDE) < 2 * _ASTRAY).all(1) & (size < _OTHER) & (size > 1 / _OTHER)
    return float(placed[there, 0].max(initial=0.0))


def _scales(height: int, width: int) -> Iterator[float]:
    """Yield the factors by which a picture is resized."""
    longest = max(height, width)
    scale = min((_MOST_PIXELS / (height * width)) ** 0.5, max(1.0, min(2.0, _LEAST_SIDE / longest)))
    while longest * scale > _COARSEST:
        yield scale
        scale /= _STEP
    yield _COARSEST / longest


def _look(image: Image, scale: float, network: Network) -> NDArray[np.float32]:
    """Return what the network finds in the picture at one size.

    Returns
    -------
    ndarray of float32, shape (N, 15)
        Score; left, top, right and bottom; five points; in pixels of the picture.
    """
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = image if scale == 1 else cv2.resize(image, (width, height), interpolation=kind)
    margin = min(round(_MARGIN * max(height, width)), _WIDEST)
    right, bottom = (margin + -(side + 2 * margin) % STRIDES[-1] for side in (width, height))
    padded = cv2.copyMakeBorder(small, margin, bottom, margin, right, cv2.BORDER_CONSTANT, value=_GREY)
    answer = network.run(cv2.dnn.blobFromImage(padded))[0]  # transposed in a third of numpy's time
    found = _placed(answer, *padded.shape[:2])
    found[:, 1:] = (found[:, 1:] - margin) * (image.shape[1] / width)
    middles = (found[:, 1:3] + found[:, 3:5]) / 2
    inside = ((middles >= 0) & (middles < image.shape[1::-1])).all(1)
    return found[inside & ((found[:, 3:5] - found[:, 1:3]) >= SMALLEST).all(1)]


def _placed(answer: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Return the answers that may be faces, their distances turned into places in the padded picture."""
    middles = np.concatenate([_middles(height // stride, width // stride, stride) for stride in STRIDES])
    likely = answer[:, 0] >= CANDIDATE
    answer, middles = answer[likely].astype(np.float32), middles[likely]
    near, far = middles - answer[:, 1:3], middles + answer[:, 3:5]
    points = answer[:, 5:].reshape(-1, _POINTS, 2) + middles[:, None]
    return np.concatenate([answer[:, :1], near, far, points.reshape(-1, 2 * _POINTS)], 1)


def _middles(rows: int, columns: int, stride: int) -> NDArray[np.float32]:
    """Return x and y of the middles of a map's cells, row after row."""
    y, x = np.mgrid[:rows, :columns].reshape(2, -1)
    return ((np.stack([x, y], 1) + 0.5) * stride).astype(np.float32)


def _best(found: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the rows with the best scores, without others of the same faces."""
    rows, kept = found[np.argsort(-found[:, 0], kind="stable")], []
    while len(rows):
        kept.append(rows[0])
        rows = rows[1:][~_same(rows[0], rows[1:])]
    return kept


def _same(best: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which boxes are of the same face as the best one."""
    sides = np.minimum(best[3:5], rows[:, 3:5]) - np.maximum(best[1:3], rows[:, 1:3])
    common = np.prod(np.clip(sides, 0, None), axis=1)
    own, others = (np.prod(box[..., 3:5] - box[..., 1:3], axis=-1) for box in (best, rows))
    return (common > OVERLAP * (own + others - common)) | (common > INSIDE * np.minimum(own, others))


def _face(row: NDArray[np.float32]) -> Face:
    left, top, right, bottom = (float(value) for value in row[1:5])
    return Face((left, top, right - left, bottom - top), row[5:].reshape(_POINTS, 2).copy(), float(row[0]))
