"""Discriminator and hinge loss for adversarial training.

Answers become crisper than with any mean of differences, after many steps: minutes on a CUDA card, days on a CPU.

References
----------
.. [1] E. Schoenfeld, B. Schiele and A. Khoreva, "A U-Net Based Discriminator for Generative Adversarial Networks",
   CVPR 2020: a score for every pixel; X. Wang et al., "Real-ESRGAN", 2021, use it with spectral norms.
.. [2] T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
.. [3] J. Lim and J. Ye, "Geometric GAN", 2017: the hinge loss.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from training.learning.precision import has_bfloat16

WIDTHS = (32, 64, 128, 128)
"""Channels at the full size, at half of it and so on."""
SLOPE = 0.2
RATE = 1e-4
"""Learning rate of the discriminator's Adam."""


class Discriminator(nn.Module):
    """A U-Net of convolutions with spectral norms: one score for each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, WIDTHS[0])
        self.down = nn.ModuleList(_convolution(fine, coarse, stride=2) for fine, coarse in pairwise(WIDTHS))
        self.up = nn.ModuleList(_convolution(coarse, fine) for fine, coarse in reversed(list(pairwise(WIDTHS))))
        self.head = nn.Conv2d(WIDTHS[0], 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores of pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1].

        Returns
        -------
        Tensor, shape (N, 1, H, W)
            Above 0 where a pixel seems to belong to a goal, below 0 where to a network's answer.
        """
        levels = [self.stem(x)]
        for layer in self.down:
            levels.append(layer(levels[-1]))
        x = levels.pop()
        for layer in self.up:
            skip = levels.pop()
            x = layer(F.interpolate(x, size=skip.shape[2:], mode="bilinear")) + skip
        score: Tensor = self.head(x)
        return score


def _convolution(channels: int, filters: int, stride: int = 1) -> nn.Module:
    """Return a convolution that keeps the size, or halves it with a stride of 2, and its activation."""
    layer = nn.Conv2d(channels, filters, 3 if stride == 1 else 4, stride=stride, padding=1)
    return nn.Sequential(spectral_norm(layer), nn.LeakyReLU(SLOPE))


class Adversary:
    """A discriminator with its optimizer.

    Parameters
    ----------
    device : torch.device
        Where it computes.
    """

    def __init__(self, device: torch.device) -> None:
        self.discriminator = Discriminator().to(device)
        self.optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=RATE, betas=(0.5, 0.99))

    def loss(self, output: Tensor, goal: Tensor) -> Tensor:
        """Return the generator's loss, lower where the discriminator takes answers for goals; `learn` uses both."""
        self.discriminator.requires_grad_(False)
        self._judged = output.detach(), goal
        return -self._score(output).mean()

    def learn(self) -> float:
        """Update the discriminator by one step on what `loss` was asked last, and return its hinge loss."""
        output, goal = self._judged
        self.discriminator.requires_grad_(True)
        loss = F.relu(1 - self._score(goal)).mean() + F.relu(1 + self._score(output)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def _score(self, pictures: Tensor) -> Tensor:
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=has_bfloat16(pictures.device)):
            scores: Tensor = self.discriminator(pictures.contiguous(memory_format=torch.channels_last))
        return scores.float()

    def state_dict(self) -> dict[str, object]:
        """Return the state that a checkpoint stores."""
        return {"discriminator": self.discriminator.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Restore the state that a checkpoint stored."""
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
