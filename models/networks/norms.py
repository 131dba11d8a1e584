"""The norm that DeblurGAN-v2 runs with: statistics of the picture at hand, never stored ones."""

from torch import nn


class BatchStatNorm2d(nn.InstanceNorm2d):
    """Batch norm that normalises each picture by its own statistics, then scales and shifts.

    DeblurGAN-v2's authors run their generators with batch norm in training mode, one picture at a
    time, so its means and (biased) variances are those of that picture, and the stored ones are
    never read. Written as what it computes, an instance norm with weight and bias, it holds no
    state: it may be shared between threads, and pictures of one batch do not mix.

    Parameters
    ----------
    channels : int
        Channels of the input.
    eps : float
        Added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(channels, eps=eps, affine=True)
