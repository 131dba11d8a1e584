"""The task of filling marked damage: holes in prints, and what remains visible under them."""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from pipeline.arrays import Image, Mask
from pipeline.methods.detection import grow
from pipeline.methods.inpainting import given_to
from pipeline.methods.measures import psnr
from training.damage import degrade, scratches
from training.damage.scratches import Rng
from training.data import Pair, Patches
from training.learning import losses
from training.settings import Settings
from training.tasks.repair import faded, taken
from training.tasks.task import BLOCKS, FOLD, Task, unet

VALIDATION_PATCHES = 48

_BLIND = 0.35
"""Share of the patches where the network does not see what is under the mask; a person's mask may cover intact
pixels that are to be removed."""
_WIDE = 0.25
"""Share of the patches with wide opaque bands instead of a print's damage."""
_WIDEST = 45
"""Width of the widest band, in pixels."""
_FALSE_LINES, _FALSE_EDGES, _MISSED = 0.25, 0.2, 0.3
"""Share of the patches where the mask marks lines without damage, marks edges of the picture, misses some damage."""


def holed(image: Image, rng: Rng) -> tuple[Image, Image, Mask]:
    """Return a damaged print, marked about as well as a detector does.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    given : ndarray, shape (H, W, 9)
        The network's input, as `pipeline.methods.inpainting.given_to` makes it.
    truth : ndarray, shape (H, W, 3)
        The print without damage, RGB in [0, 1].
    hole : ndarray of bool, shape (H, W)
        Pixels to fill.
    """
    whole = taken(image, rng)
    if rng.random() < 0.5:
        whole = faded(whole, rng)
    damaged, mask = _banded(whole, rng) if rng.random() < _WIDE else scratches.damaged(whole, rng)
    if rng.random() < 0.5:
        damaged, whole = np.split(faded(np.concatenate([damaged, whole]), rng), 2)
    hole = _marked(grow(mask, int(rng.integers(3))), whole, rng)
    given = given_to(_scanned(damaged, rng).astype(np.float32), hole, through=rng.random() >= _BLIND)
    return given, whole.astype(np.float32), hole


def _banded(image: Image, rng: Rng) -> tuple[Image, Mask]:
    """Lay opaque bands over a picture."""
    cover = np.zeros(image.shape[:2], np.uint8)
    for _ in range(rng.integers(1, 4)):
        first, last = (rng.uniform(-0.2, 1.2, (2, 2)) * cover.shape[::-1]).astype(int).tolist()
        cv2.line(cover, first, last, 1, int(rng.integers(3, _WIDEST)))
    mask = cover.astype(bool)
    return np.where(mask[..., None], rng.uniform(0, 1, 3), image), mask


def _marked(mask: Mask, whole: Image, rng: Rng) -> Mask:
    """Mark some intact pixels too, and miss some damage."""
    cover = np.zeros(mask.shape, np.uint8)
    if rng.random() < _FALSE_LINES:
        for kind in (scratches.scratches, scratches.hairs, scratches.dust):
            kind(cover, rng)
    if rng.random() < _FALSE_EDGES:
        detail = np.abs(whole - degrade.soften(whole, 2)).mean(axis=2)
        cover[(detail > np.percentile(detail, rng.uniform(90, 99))) & _somewhere(mask, rng)] = 255
    if rng.random() < _MISSED:
        mask = mask & ~_somewhere(mask, rng)
    return mask | grow(cover > 64, 1)


def _somewhere(mask: Mask, rng: Rng) -> Mask:
    """Return about a fifth of a picture, in patches."""
    return scratches.clouds(mask.shape, rng.uniform(10, 30), rng) > 0.8


def _scanned(image: Image, rng: Rng) -> Image:
    """Add the noise that a denoiser leaves, and JPEG, or neither."""
    if rng.random() < 0.3:
        image = degrade.sensor_noise(image, rng.uniform(0, 0.015), rng, shared=rng.uniform(0, 1))
    return degrade.jpeg(image, int(rng.integers(75, 98))) if rng.random() < 0.3 else image


@dataclass(frozen=True, kw_only=True)
class Fill(Task):
    """Learn to fill what is marked."""

    def pair(self, image: Image, rng: Rng, settings: Settings) -> Pair:
        """Return the network's input, and the truth with the mask as its fourth channel."""
        given, truth, hole = holed(image, rng)
        return given, np.dstack([truth, hole]).astype(np.float32)

    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the loss inside the holes; what lies outside does not count."""
        truth, hole = goal.split((3, 1), dim=1)
        pasted = torch.where(hole > 0, output, truth)
        return losses.combine(settings.losses, pasted, truth) / hole.mean().clamp_min(0.01)

    @torch.inference_mode()
    def validate(self, network: nn.Module, data: Patches, settings: Settings) -> str:
        """Return PSNR over all holes together, of the answer and of the first guess."""
        device = next(network.parameters()).device
        filled = []
        for given, goal in (data[i] for i in range(VALIDATION_PATCHES)):
            answer = network(given[None].to(device))[0].cpu()
            filled.append(torch.stack([goal[:3], answer, given[6:]])[:, :, goal[3] > 0])
        truth, answer, guess = torch.cat(filled, dim=2).numpy()
        return f"psnr in holes {psnr(answer, truth):.2f} dB, of the first guess {psnr(guess, truth):.2f} dB"


FILL = Fill(
    name="fill",
    build=partial(unet, pictures=3),
    features=32,
    multiple=FOLD * 2 ** (len(BLOCKS) - 1),
    losses=losses.PIXELS,
)
