"""An adversary: a network that learns to tell truth from answers, so that the other learns to be taken for truth.

It makes pictures crisper than any mean does, and needs many steps: some hours on a CUDA card, days on a CPU.

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
"""Rate of the critic's Adam."""


class Critic(nn.Module):
    """Convolutions that halve the size, with spectral norms; one verdict a patch of 46 pixels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        below = 3
        for width in WIDTHS:
            layers += [spectral_norm(nn.Conv2d(below, width, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
            below = width
        self.body = nn.Sequential(*layers, spectral_norm(nn.Conv2d(below, 1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """Judge pictures.

        Parameters
        ----------
        x : Tensor, shape (N, 3, H, W)
            RGB in [0, 1]; sides of 16 pixels or more.

        Returns
        -------
        Tensor, shape (N, 1, H / 16, W / 16)
            Above 0 for truth, below for an answer.
        """
        verdict: Tensor = self.body(x)
        return verdict


class Adversary:
    """The critic with its optimizer.

    Parameters
    ----------
    device : torch.device
        Where it computes.
    """

    def __init__(self, device: torch.device) -> None:
        self.critic = Critic().to(device)
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=RATE, betas=(0.5, 0.99))

    def loss(self, output: Tensor) -> Tensor:
        """How clearly the critic sees through an answer; lower is better for who answered."""
        self.critic.requires_grad_(False)
        return -self.critic(output).mean()

    def learn(self, output: Tensor, truth: Tensor) -> float:
        """Take one step towards telling answers from truth; return the hinge loss."""
        self.critic.requires_grad_(True)
        loss = F.relu(1 - self.critic(truth)).mean() + F.relu(1 + self.critic(output.detach())).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def state_dict(self) -> dict[str, object]:
        """Return what a checkpoint keeps."""
        return {"critic": self.critic.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Go back to what a checkpoint kept."""
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])
