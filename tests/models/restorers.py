"""U-Nets for tests."""

import torch

from models.networks.unet import UNet


def random_unet(**sizes):
    """A network as it is after training: none of its weights zero."""
    network = UNet(**sizes)
    torch.nn.init.normal_(network.tail.weight)
    return network.eval()
