"""Losses of a colorizer that predicts classes of colour, and the share of each class in photographs.

References
----------
.. [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016: section 2.1 for soft classes,
   2.2 for rebalancing.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from models.networks.fast_colorizer import CENTRES

NAMES = ("classes", "mean")
"""``classes`` is the cross-entropy of predicted and true classes; ``mean`` the squared error of the mean colour."""

NEIGHBOURS = 5
"""Classes among which a true colour is distributed."""
SIGMA = 5.0
"""Sigma of the Gaussian that weights them, in CIE units."""
REACH = 110
"""Largest a or b that is distinguished."""


def soft_classes(ab: Tensor) -> tuple[Tensor, Tensor]:
    """Distribute colours among their nearest classes.

    Parameters
    ----------
    ab : Tensor, shape (N, 2, H, W)
        CIE a and b.

    Returns
    -------
    index : Tensor of int64, shape (N, 5, H, W)
        The nearest classes, the nearest first.
    share : Tensor, shape (N, 5, H, W)
        Sums to 1.
    """
    index, share = _tables()
    place = (ab.round().clamp(-REACH, REACH) + REACH).long()
    cell = place[:, 0] * (2 * REACH + 1) + place[:, 1]  # (N, H, W)
    return index.to(ab.device)[cell].permute(0, 3, 1, 2), share.to(ab.device)[cell].permute(0, 3, 1, 2)


@lru_cache(maxsize=1)
def _tables() -> tuple[Tensor, Tensor]:
    """Return nearest classes and shares of every integer a and b, shape (cells, 5)."""
    values = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    colours = torch.cartesian_prod(values, values)
    distance, index = torch.cdist(colours, torch.tensor(CENTRES, dtype=torch.float32)).topk(NEIGHBOURS, largest=False)
    return index, (-(distance**2) / (2 * SIGMA**2)).softmax(dim=1)


def share_of_classes(ab: Tensor) -> Tensor:
    """Return the share of each class among colours of shape (N, 2, H, W); shape (313,), sums to 1."""
    index, share = soft_classes(ab)
    total = torch.zeros(len(CENTRES)).index_add_(0, index.flatten(), share.flatten())
    return total / total.sum()


def class_weights(prior: Tensor, rebalance: float) -> Tensor:
    """Return the weight of each class in the loss, shape (313,); their mean over the photographs is 1.

    Parameters
    ----------
    prior : Tensor, shape (313,)
        Share of each class in the photographs.
    rebalance : float
        0 weights all classes alike; Zhang's 0.5 weights rare colours about 50 times as much as grey; 1 is the plain
        inverse of the share.
    """
    mixed = rebalance * prior + (1 - rebalance) / len(prior)
    weights = 1 / mixed.clamp_min(1e-6)
    return weights / (weights * prior).sum()


def loss(name: str, logits: Tensor, ab: Tensor, weights: Tensor) -> Tensor:
    """Return one of the losses of `NAMES`.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    logits : Tensor, shape (N, 313, H, W)
        Of the classes.
    ab : Tensor, shape (N, 2, H, W)
        The true colours.
    weights : Tensor, shape (313,)
        As `class_weights` makes them; used by ``classes``.

    Returns
    -------
    Tensor
        A scalar.
    """
    if name == "mean":
        centres = torch.tensor(CENTRES, dtype=torch.float32, device=ab.device).T[:, :, None, None]
        return F.mse_loss(F.conv2d(logits.softmax(dim=1), centres), ab) / REACH**2
    index, share = soft_classes(ab)
    entropy = -(share * logits.log_softmax(dim=1).gather(1, index)).sum(dim=1)  # (N, H, W)
    return (weights[index[:, 0]] * entropy).mean()
