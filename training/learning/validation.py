"""Figures of a network on photographs that are not trained on."""

import numpy as np
import torch
import torch.nn.functional as F
from skimage.color import deltaE_ciede2000
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.networks.fast_colorizer import FOLD, ColorClassifier, FastColorizer
from pipeline.arrays import Image
from pipeline.methods import measures
from pipeline.methods.filters import luma
from training.learning.perceptual import Features

HALF = 0.5
"""Chroma, as a share of the truth's, at which colorizers are compared."""


@torch.inference_mode()
def psnr(network: nn.Module, pairs: Dataset[tuple[Tensor, Tensor]], count: int) -> float:
    """Return the mean PSNR of the luma, in dB, over the first `count` pairs of damaged and clean patches."""
    device = next(network.parameters()).device
    values = []
    for damaged, clean in (pairs[i] for i in range(count)):
        output = network(damaged[None].to(device))[0].clamp(0, 1).cpu()
        values.append(measures.psnr(luma(_to_image(output)), luma(_to_image(clean))))
    return sum(values) / len(values)


@torch.inference_mode()
def distance(network: nn.Module, pairs: Dataset[tuple[Tensor, Tensor]], count: int, features: Features) -> float:
    """Return the mean perceptual distance over the first `count` pairs of damaged and clean patches."""
    device = next(network.parameters()).device
    batches = ([part[None].to(device) for part in pairs[i]] for i in range(count))
    return sum(float(features.distance(network(damaged).clamp(0, 1), clean)) for damaged, clean in batches) / count


@torch.inference_mode()
def colour_errors(
    network: ColorClassifier, pairs: Dataset[tuple[Tensor, Tensor]], count: int, temperature: float
) -> tuple[float, float, float]:
    """Return errors of predicted colours, at the resolution of the prediction.

    Parameters
    ----------
    network : ColorClassifier
        In eval mode.
    pairs : Dataset
        Pairs of L and true ab.
    count : int
        How many pairs to use.
    temperature : float
        Temperature of the annealed mean.

    Returns
    -------
    error : float
        Mean CIEDE2000 after chroma is scaled to half the truth's, so that vivid and pale networks can be compared.
    grey : float
        Mean CIEDE2000 of grey.
    chroma : float
        Mean chroma without scaling, as a share of the truth's.
    """
    device = next(network.parameters()).device
    colorizer = FastColorizer(network, temperature).to(device)
    guesses, truths = [], []
    for lightness, ab in (pairs[i] for i in range(count)):
        small = F.avg_pool2d(lightness, FOLD)
        guesses.append(torch.cat([small, colorizer(lightness[None].to(device))[0, :2].cpu()]))
        truths.append(torch.cat([small, ab]))
    guess, truth = (torch.stack(x).movedim(1, -1).numpy() for x in (guesses, truths))
    chroma = [float(np.linalg.norm(lab[..., 1:], axis=-1).mean()) for lab in (guess, truth)]
    share = chroma[0] / max(chroma[1], 1e-6)
    scale = HALF / max(share, 1e-6)
    error, grey = (float(deltaE_ciede2000(guess * (1, s, s), truth).mean()) for s in (scale, 0))
    return error, grey, share


def _to_image(tensor: Tensor) -> Image:
    return np.ascontiguousarray(tensor.permute(1, 2, 0).numpy())
