"""Discriminator and hinge loss for adversarial training.

Answers become crisper than with any mean of differences, after many steps: some hours on a CUDA card, days on a CPU.

References
----------
.. [1] P. Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017: judging patches.
.. [2] T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
.. [3] J. Lim and J. Ye, "Geometric GAN", 2017: the hinge loss.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128, 128)
SLOPE = 0.2
RATE = 1e-4
"""Learning rate of the discriminator's Adam."""


class Discriminator(nn.Module):
    """Strided convolutions with spectral norms; one score for each patch of 46 pixels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        below = 3
        for width in WIDTHS:
            layers += [spectral_norm(nn.Conv2d(below, width, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
            below = width
        self.body = nn.Sequential(*layers, spectral_norm(nn.Conv2d(below, 1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores of pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; sides of 16 pixels or more.

        Returns
        -------
        Tensor, shape (N, 1, H / 16, W / 16)
            Above 0 for photographs, below 0 for a network's answers.
        """
        score: Tensor = self.body(x)
        return score


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

    def loss(self, output: Tensor) -> Tensor:
        """Return the generator's loss: lower where the discriminator takes answers for photographs."""
        self.discriminator.requires_grad_(False)
        return -self.discriminator(output).mean()

    def learn(self, output: Tensor, truth: Tensor) -> float:
        """Update the discriminator by one step, and return its hinge loss."""
        self.discriminator.requires_grad_(True)
        loss = F.relu(1 - self.discriminator(truth)).mean() + F.relu(1 + self.discriminator(output.detach())).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def state_dict(self) -> dict[str, object]:
        """Return the state that a checkpoint stores."""
        return {"discriminator": self.discriminator.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Restore the state that a checkpoint stored."""
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
