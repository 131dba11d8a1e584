"""Restore an aligned face, and fit it to its picture: tones and grain."""

import cv2
import numpy as np

from models.spec import ModelSpec
from pipeline.arrays import Image, Mask, Plane
from pipeline.context import Context
from pipeline.methods import alignment
from pipeline.methods.alignment import Matrix
from pipeline.methods.filters import gaussian, luma
from pipeline.methods.inference import infer

_LOOKS = ((0, 0, False), (2, 2, True), (2, 0, False), (0, 2, True))
"""Pixels to the right and down by which a face is moved, half a square of pixels of the network, and whether it is
mirrored. The first two already remove most of the grid."""
_TONE = 1 / 20
"""Sigma of what counts as colour and light, as a share of the crop's side: features of the face are smaller."""
_VISIBLE = 1.5 / 255
"""Standard deviation from which grain is visible."""
_GRAIN = 0.4
"""Sigma in pixels by which grain is softened, as scans soften it."""
_CURVED = np.outer((1, -2, 1), (1, -2, 1)).astype(np.float32) / 6
"""Kernel that answers to grain, with its standard deviation, and hardly to edges and shading (J. Immerkaer, "Fast Noise
Variance Estimation", 1996)."""
_INNER = 0.9
"""Least part of a pixel that belongs to the face where grain is measured."""
_BLOCK, _SMOOTH_PART = 9, 40
"""Side in pixels of the blocks in which grain is measured, and the percentile of them that counts, so that features do
not pass for grain."""


def restore(spec: ModelSpec, crop: Image, context: Context, *, quick: bool = False) -> Image:
    """Return a network's answer for an aligned face.

    The bundled network is asked several times, with the face moved by some pixels and mirrored, and the mean is taken:
    its faint grid, which comes from the squares of pixels that it works on, averages out.

    Parameters
    ----------
    spec : ModelSpec
        A restorer of faces.
    crop : ndarray of float32, shape (side, side, 3)
        RGB in [0, 1], aligned by the template `FFHQ`.
    context : Context
        Engine, progress and cancellation.
    quick : bool
        Ask the bundled network twice instead of four times, for a face that is reduced afterwards.

    Returns
    -------
    ndarray of float32, shape (side, side, 3)
        RGB in [0, 1].
    """
    looks = _LOOKS[: 1 if not spec.bundled else 2 if quick else 4]
    side, total = crop.shape[0], np.zeros_like(crop)
    for index, (right, down, is_mirrored) in enumerate(looks):
        way = slice(None, None, -1 if is_mirrored else 1)
        moved = cv2.copyMakeBorder(crop, down, 0, right, 0, cv2.BORDER_REFLECT_101)[:side, :side][:, way]
        part = context.portion(index / len(looks), (index + 1) / len(looks))
        answer = infer(spec, np.ascontiguousarray(moved), part)[:, way][down:, right:]
        total += cv2.copyMakeBorder(np.ascontiguousarray(answer), 0, down, 0, right, cv2.BORDER_REPLICATE)
    return total / np.float32(len(looks))


def keep_tones(answer: Image, crop: Image) -> Image:
    """Return a network's answer with the colour and light of the crop; a toned print keeps its tint.

    Parameters
    ----------
    answer, crop : ndarray of float32, shape (side, side, 3)
        RGB in [0, 1].
    """
    return answer + gaussian(crop - answer, _TONE * crop.shape[0])


def put_back(image: Image, change: Image, mask: Plane, matrix: Matrix, *, seed: int) -> None:
    """Add the change of a face to the picture that it was cut from, with grain where it would be too clean.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; overwritten.
    change : ndarray of float32, shape (side, side, 3)
        What to add to the crop; 0 where `mask` is.
    mask : ndarray of float32, shape (side, side)
        How much each pixel belongs to the face, in [0, 1].
    matrix : ndarray, shape (2, 3)
        With which the crop was cut.
    seed : int
        Of the grain: one face always gets the same.
    """
    place = alignment.window(image, matrix, mask.shape[0])
    cover = alignment.laid_back(mask, matrix, place)
    part, before = image[place], image[place].copy()
    part += alignment.laid_back(change, matrix, place)
    part += _grain(before, part, seed, cover)[..., None]
    np.clip(part, 0, 1, out=part)


def _grain(before: Image, after: Image, seed: int, cover: Plane) -> Plane:
    """Return the grain that a restored face lacks, where `cover` says that it is face."""
    inside = cover > _INNER
    wanted, there = (_grain_sigma(image, inside) for image in (before, after))
    if wanted < _VISIBLE or there >= wanted:
        return np.zeros_like(cover)
    grain = gaussian(np.random.default_rng(seed).standard_normal(cover.shape, np.float32), _GRAIN)
    lost = np.sqrt(np.clip(cover * (2 - cover), 0, 1))  # where both blend, the picture's own grain remains in part
    return grain * lost * np.float32(np.sqrt(wanted**2 - there**2) / grain.std())


def _grain_sigma(image: Image, inside: Mask) -> float:
    """Return the standard deviation of the grain in the smoothest parts of a face; 0 where nothing is inside."""
    power = cv2.blur(np.square(cv2.filter2D(luma(image), -1, _CURVED)), (_BLOCK, _BLOCK))[inside]
    return float(np.sqrt(np.percentile(power, _SMOOTH_PART))) if power.size else 0.0
