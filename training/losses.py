"""Losses by name; each compares a network's output with the truth, or with a teacher's answer."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def l1(output: Tensor, truth: Tensor, taught: Tensor | None) -> Tensor:
    """Mean absolute difference from the truth."""
    return (output - truth).abs().mean()


def gradient(output: Tensor, truth: Tensor, taught: Tensor | None) -> Tensor:
    """Mean absolute difference of neighbouring pixels' differences: edges as steep as the truth's."""
    error = output - truth
    across = error[..., :, 1:] - error[..., :, :-1]
    down = error[..., 1:, :] - error[..., :-1, :]
    return across.abs().mean() + down.abs().mean()


def distill(output: Tensor, truth: Tensor, taught: Tensor | None) -> Tensor:
    """Mean absolute difference from the teacher's answer to the same input."""
    assert taught is not None, "settings demand a teacher"
    return (output - taught).abs().mean()


LOSSES: Mapping[str, Loss] = MappingProxyType({"l1": l1, "gradient": gradient, "distill": distill})


def combine(terms: Sequence[tuple[str, float]], output: Tensor, truth: Tensor, taught: Tensor | None) -> Tensor:
    """Sum the named losses, each times its weight.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names out of `LOSSES` and weights.
    output, truth : Tensor, shape (N, 3, H, W)
        The network's answer and the clean patch.
    taught : Tensor, shape (N, 3, H, W), optional
        A teacher's answer.

    Returns
    -------
    Tensor
        A scalar.
    """
    total = output.new_zeros(())
    for name, weight in terms:
        total = total + weight * LOSSES[name](output, truth, taught)
    return total
