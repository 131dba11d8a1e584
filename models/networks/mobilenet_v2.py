"""The part of MobileNetV2 that is the faster encoder of DeblurGAN-v2."""

from torch import Tensor, nn

from models.networks.norms import BatchStatNorm2d

CHANNELS = (16, 24, 32, 64, 160)
"""Channels of the five maps, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size."""


class InvertedResidual(nn.Module):
    """Expansion by a 1x1 convolution, a depthwise 3x3 convolution, and a 1x1 projection.

    Parameters
    ----------
    inputs, outputs : int
        Channels; where they are equal and `stride` is 1, the input is added to the output.
    widening : int
        Factor between `inputs` and the channels of the depthwise convolution; 1 means no expansion.
    stride : int
        Stride of the depthwise convolution, 1 or 2.

    References
    ----------
    .. [1] M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
    """

    def __init__(self, inputs: int, outputs: int, *, widening: int = 6, stride: int = 1) -> None:
        super().__init__()
        hidden = inputs * widening
        widen = _conv(inputs, hidden, 1) if widening > 1 else []
        self.conv = nn.Sequential(
            *widen,
            *_conv(hidden, hidden, 3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            BatchStatNorm2d(outputs),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return a map with `outputs` channels for one of shape (N, inputs, H, W)."""
        return x + self.conv(x) if self.adds else self.conv(x)


def encoders() -> list[nn.Module]:
    """Return the five stages of the encoder; each halves the size and feeds the next.

    Returns
    -------
    list of torch.nn.Module
        Their outputs have the channels of `CHANNELS`.
    """
    block = InvertedResidual
    return [
        nn.Sequential(nn.Sequential(*_conv(3, 32, 3, stride=2)), block(32, 16, widening=1)),
        nn.Sequential(block(16, 24, stride=2), block(24, 24)),
        nn.Sequential(block(24, 32, stride=2), *(block(32, 32) for _ in range(2))),
        nn.Sequential(block(32, 64, stride=2), *(block(64, 64) for _ in range(3))),
        nn.Sequential(
            *(block(64, 96), block(96, 96), block(96, 96)),
            *(block(96, 160, stride=2), block(160, 160)),
        ),
    ]


def _conv(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a convolution, its norm and ReLU6."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return [convolution, BatchStatNorm2d(outputs), nn.ReLU6()]
