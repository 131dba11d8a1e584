"""Official restorers of faces, defined by spandrel: GFPGAN and RestoreFormer.

References
----------
.. [1] X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior" (GFPGAN), CVPR 2021.
.. [2] Z. Wang et al., "RestoreFormer: High-Quality Blind Face Restoration from Undegraded Key-Value Pairs", CVPR 2022.
"""

from collections.abc import Mapping
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import CheckpointMismatch

_KNOWN = ("GFPGAN", "RestoreFormer")


class Modulated(nn.Module):
    """StyleGAN2's convolution whose weights follow a style, with weights that do not change.

    To scale the weights of each input channel is to scale the input; to normalise those of each output channel, to
    scale the output. OpenVINO computes only convolutions of constant weights.

    Parameters
    ----------
    layer : torch.nn.Module
        Spandrel's layer, whose tensors are used.
    """

    weight: Tensor
    power: Tensor

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.modulation: nn.Linear = layer.modulation
        self.upsample = layer.sample_mode == "upsample"
        self.padding = layer.padding
        self.eps = layer.eps if layer.demodulate else None
        self.register_buffer("weight", layer.weight[0].detach())
        self.register_buffer("power", self.weight.square().sum((2, 3)))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return features, shape (N, out, H, W), or twice the size, for features (N, in, H, W) and a style."""
        scale = self.modulation(style)
        x = x * scale[..., None, None]
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        y = F.conv2d(x, self.weight, padding=self.padding)
        if self.eps is None:
            return y
        return y * torch.rsqrt(scale.square() @ self.power.T + self.eps)[..., None, None]


class FaceNetwork(nn.Module):
    """A restorer of faces that computes in [-1, 1].

    Parameters
    ----------
    network : torch.nn.Module
        Its answer is a tuple whose first part is the picture.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for name, layer in list(network.named_modules()):
            if type(layer).__name__ == "ModulatedConv2d":
                network.set_submodule(name, Modulated(layer))
        takes = signature(network.forward).parameters
        # GFPGAN's decoder adds random noise, so that two runs would differ
        self._options: dict[str, Any] = {"randomize_noise": False} if "randomize_noise" in takes else {}

    def forward(self, x: Tensor) -> Tensor:
        """Return restored faces.

        Parameters
        ----------
        x : Tensor, shape (N, 3, 512, 512)
            RGB in [0, 1], sRGB-encoded, aligned by the template of FFHQ.

        Returns
        -------
        Tensor, shape (N, 3, 512, 512)
            RGB, not clamped.
        """
        answer: Tensor = self.network(2 * x - 1, **self._options)[0]
        return (answer + 1) / 2


def build(state: Mapping[str, Tensor]) -> FaceNetwork:
    """Return the network with the weights of a state dict, in float32 and in eval mode.

    Raises
    ------
    CheckpointMismatch
        If it is not that of GFPGAN 1.2 to 1.4 or RestoreFormer.
    """
    from spandrel import MAIN_REGISTRY, UnsupportedModelError

    try:
        descriptor = MAIN_REGISTRY.load(dict(state))
    except (UnsupportedModelError, RuntimeError) as error:
        msg = "Expected GFPGAN 1.2 to 1.4 or RestoreFormer, got tensors of another network. Choose another file."
        raise CheckpointMismatch(msg) from error
    name = str(descriptor.architecture.id)
    if name not in _KNOWN:
        msg = f"Expected GFPGAN 1.2 to 1.4 or RestoreFormer, got {name}. Choose another file."
        raise CheckpointMismatch(msg)
    return FaceNetwork(descriptor.model).eval()
