"""The task of restoring faces that are cut out and aligned."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.unet import UNet
from pipeline.arrays import Image
from training.damage import portraits
from training.data import Pair, Photograph
from training.learning import embedding, losses, perceptual
from training.learning.precision import has_bfloat16
from training.learning.templates import to_ffhq
from training.settings import Settings
from training.tasks.task import FOLD, Restoration

SIDE = portraits.SIDE
"""Side of an aligned face in pixels."""
BLOCKS = (2, 2, 2, 2)
"""Residual blocks of the network's levels."""
WIDTHS = (48, 96, 192, 256)
"""Channels of its levels."""
TURN, ZOOM, SHIFT = 8.0, 0.12, 8.0
"""Most by which a face is turned in degrees, enlarged as a share, and moved in pixels: detectors are not exact."""
MARGIN = 0.3
"""Weight of errors in the corners, which the studio does not use; those of the face have 1."""
AGAIN = 4
"""Every so many pictures of a batch go through the network twice, and must not change the second time."""
IDENTITY, FEATURES, TONE, STABLE = 0.3, 0.5, 0.5, 0.3
"""Weights of the losses beside those of the settings: of the person, of the recogniser's features, of the mean colour
of large squares, and of the change that a second pass makes."""


class Faces(Restoration):
    """Learn to restore aligned faces and to keep the person.

    Beside the differences of pixels, the loss compares the answers of a network that recognises people, as CFRNet and
    GFPGAN do, asks for no change where the face is restored already, and holds the tones of skin.
    """

    def cut(self, photographs: list[Photograph], side: int, rng: np.random.Generator) -> Image:
        """Return a random face whole, whatever the side: slightly turned, moved and enlarged, often mirrored."""
        pixels = photographs[rng.integers(len(photographs))].pixels
        middle = (pixels.shape[1] / 2, pixels.shape[0] / 2)
        place = cv2.getRotationMatrix2D(middle, rng.uniform(-TURN, TURN), rng.uniform(1 - ZOOM, 1 + ZOOM))
        place[:, 2] += rng.uniform(-SHIFT, SHIFT, 2) + SIDE / 2 - middle
        if rng.random() < 0.5:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
        face = cv2.warpAffine(pixels, place, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        return np.divide(face, 255, dtype=np.float32)

    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return the damaged face and the clean one, in the same tones, or the same square of both."""
        image = portraits.toned(image, rng)
        top, left = rng.integers(SIDE - settings.patch + 1, size=2)
        place = (slice(top, top + settings.patch), slice(left, left + settings.patch))
        return self.damage(image, rng)[place], image[place]

    def loss(self, network: nn.Module, output: Tensor, goal: Tensor, settings: Settings) -> Tensor:
        """Return the weighted sum of all losses but the adversarial one."""
        whole = output.shape[-1] == SIDE
        weight = oval(SIDE).to(output) if whole else torch.ones_like(output[0, 0])
        seen, wanted = output * weight, goal * weight
        total = losses.combine(settings.losses, seen, wanted)
        total = total + TONE * _pooled(seen - wanted).abs().mean()
        perceptible = dict(settings.losses).get("perceptual")
        if perceptible and settings.vgg16:
            features = perceptual.load(settings.vgg16, output.device)
            total = total + perceptible * features.distance(*losses.crops(seen, wanted))
        if settings.recogniser and whole:
            total = total + _alike(_person(settings.recogniser, output.device), output, goal)
        return total + STABLE * _change(network, output, weight)


def oval(side: int) -> Tensor:
    """Return the weights of errors, shape (side, side): 1 in an ellipse around the face, `MARGIN` in the corners."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    distance = ((across / 0.8) ** 2 + ((down - 0.05) / 0.95) ** 2).sqrt()
    return MARGIN + (1 - MARGIN) * ((1.25 - distance) / 0.25).clamp(0, 1)


def _pooled(images: Tensor) -> Tensor:
    return F.avg_pool2d(images, 16)


@lru_cache(maxsize=1)
def _person(path: Path, device: torch.device) -> embedding.Embedding:
    return embedding.load(path, device)


def _alike(person: embedding.Embedding, output: Tensor, goal: Tensor) -> Tensor:
    """Return how much another person the answers show: 1 minus the cosine, and the difference of features."""
    with torch.autocast(output.device.type, torch.bfloat16, enabled=has_bfloat16(output.device)):
        with torch.no_grad():
            truth, wanted = person(recognisable(goal))
        found, features = person(recognisable(output))
    apart = (1 - (found * truth).sum(1)).mean()
    distances = [(x - y).float().abs().mean() / y.float().abs().mean() for x, y in zip(features, wanted, strict=True)]
    return IDENTITY * apart + FEATURES * torch.stack(distances).mean()


def recognisable(faces: Tensor) -> Tensor:
    """Return aligned faces as a network that recognises people takes them.

    Parameters
    ----------
    faces : Tensor, shape (N, 3, 256, 256)
        RGB in [0, 1], aligned as FFHQ.

    Returns
    -------
    Tensor, shape (N, 3, 112, 112)
        Aligned as ArcFace.
    """
    place = to_ffhq().to(faces).expand(len(faces), 2, 3)
    grid = F.affine_grid(place, [len(faces), 3, embedding.SIDE, embedding.SIDE], align_corners=False)
    return F.grid_sample(faces, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _change(network: nn.Module, output: Tensor, weight: Tensor) -> Tensor:
    """Return what a second pass changes of some answers."""
    first = output[::AGAIN].detach().clamp(0, 1)
    with torch.autocast(output.device.type, torch.bfloat16, enabled=has_bfloat16(output.device)):
        second = network(first.contiguous(memory_format=torch.channels_last))
    return ((second.float() - first) * weight).abs().mean()


def _network(_: int) -> nn.Module:
    return UNet(widths=WIDTHS, blocks=BLOCKS, fold=FOLD)


FACES = Faces(
    name="faces",
    damage=portraits.aged,
    build=_network,
    features=WIDTHS[0],
    multiple=FOLD * 2 ** (len(BLOCKS) - 1),
    extras=frozenset({"recogniser"}),
)
