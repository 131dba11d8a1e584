"""The norm of DeblurGAN-v2, which uses the statistics of the input picture."""

from torch import nn


class BatchStatNorm2d(nn.InstanceNorm2d):
    """Batch norm that normalises each picture by its own statistics, then scales and shifts.

    DeblurGAN-v2's authors run their generators with batch norm in training mode, one picture at a time, so means and
    (biased) variances are those of the picture, and stored ones are not used. The same computed as an instance norm
    with weight and bias has no state: threads may share it, and pictures of a batch do not affect each other.

    Parameters
    ----------
    channels : int
        Channels of the input.
    eps : float
        Added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(channels, eps=eps, affine=True)
