"""What a network is examined by while it learns: figures over photographs that it never sees otherwise."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from skimage.color import deltaE_ciede2000
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.networks.fast_colorizer import FOLD, ColorClassifier, FastColorizer

LUMA = (0.299, 0.587, 0.114)
HALF = 0.5
"""Chroma, as a part of the truth's, at which colorizers are compared."""


@torch.inference_mode()
def psnr(network: nn.Module, exam: Dataset[tuple[Tensor, Tensor]], count: int, device: torch.device) -> float:
    """Return the mean peak signal-to-noise ratio over `count` patches, in dB, on luminance."""
    luma = torch.tensor(LUMA, device=device)[:, None, None]
    values = []
    for damaged, clean in (exam[i] for i in range(count)):
        output = network(damaged[None].to(device))[0].clamp(0, 1)
        error = (luma * (output - clean.to(device))).sum(0)
        values.append(-10 * math.log10(max(float(error.square().mean()), 1e-10)))
    return sum(values) / len(values)


@torch.inference_mode()
def colour_errors(
    network: ColorClassifier, exam: Dataset[tuple[Tensor, Tensor]], count: int, device: torch.device, temperature: float
) -> tuple[float, float, float]:
    """Compare guessed and true colours at the size of the guess.

    Parameters
    ----------
    network : ColorClassifier
        In eval mode.
    exam : Dataset
        Of L and true ab.
    count : int
        Patches to look at.
    device : torch.device
        Where the network is.
    temperature : float
        Of the annealed mean.

    Returns
    -------
    error : float
        Mean CIEDE2000 after chroma is scaled to half the truth's, so that bold and shy networks can be compared.
    grey : float
        That of grey.
    chroma : float
        Mean chroma as it came, as a part of the truth's.
    """
    colorizer = FastColorizer(network, temperature).to(device)
    guesses, truths = [], []
    for lightness, ab in (exam[i] for i in range(count)):
        small = F.avg_pool2d(lightness, FOLD)
        guesses.append(torch.cat([small, colorizer(lightness[None].to(device))[0, :2].cpu()]))
        truths.append(torch.cat([small, ab]))
    guess, truth = (torch.stack(x).movedim(1, -1).numpy() for x in (guesses, truths))
    chroma = [float(np.linalg.norm(lab[..., 1:], axis=-1).mean()) for lab in (guess, truth)]
    share = chroma[0] / max(chroma[1], 1e-6)
    scale = HALF / max(share, 1e-6)
    error, grey = (float(deltaE_ciede2000(guess * (1, s, s), truth).mean()) for s in (scale, 0))
    return error, grey, share
