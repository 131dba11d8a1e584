"""Networks with random weights that stand for those of others."""

import torch

WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512)


def vgg16(widths=WIDTHS):
    """VGG16 under torchvision's names, which do not sort as they are executed."""
    generator, channels, state = torch.Generator().manual_seed(0), 3, {}
    for number, width in enumerate(widths):
        kernel = torch.randn(width, channels, 3, 3, generator=generator) / (3 * channels**0.5)
        state |= {f"features.{number}.weight": kernel, f"features.{number}.bias": torch.zeros(width)}
        channels = width
    return state
