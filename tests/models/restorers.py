"""U-Nets for tests."""

import torch

from models.networks.unet import UNet


def random_unet(**sizes):
    """A network in eval mode without a weight of zero, as after training."""
    network = UNet(**sizes)
    torch.nn.init.normal_(network.tail.weight)
    return network.eval()
