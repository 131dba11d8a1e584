"""Muon: momentum with orthogonalised steps, which reaches the same loss as Adam in far fewer steps.

torch's own Muon takes only matrices, and computes in bfloat16, which many CPUs lack.

References
----------
.. [1] K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
.. [2] D. Kingma and J. Ba, "Adam", ICLR 2015: the rule for all parameters that are not kernels.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor

MOMENTUM = 0.95
ADAM_SHARE = 0.05
"""Learning rate of Adam as a share of Muon's."""
BETAS = (0.9, 0.99)
QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the iteration that moves all singular values towards 1 [1]_."""
ITERATIONS = 5
TINY = 1e-8


class Muon(torch.optim.Optimizer):
    """Muon for the kernels of convolutions, each as a matrix with one row for each filter; Adam for the rest.

    Parameters
    ----------
    parameters : iterable of Tensor
        Parameters to train.
    lr : float
        Learning rate of Muon: 0.006 suits all networks of this project; U-Nets diverge at 0.02.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take one step along the gradients; return the closure's loss, if one is given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alike: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                if weight.ndim > 1:
                    alike[weight.flatten(1).shape].append((weight, _ahead(weight.grad, self.state[weight])))
                else:
                    _adam(weight, weight.grad, self.state[weight], group["lr"])
            for pairs in alike.values():
                _muon(pairs, group["lr"])
        return loss


def _ahead(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """Update the momentum; return Nesterov's estimate of the next gradient."""
    momentum = state.setdefault("momentum", torch.zeros_like(gradient))
    momentum.mul_(MOMENTUM).add_(gradient)
    return gradient + MOMENTUM * momentum


def _muon(pairs: list[tuple[Tensor, Tensor]], lr: float) -> None:
    """Move all weights of one shape at once: on a CUDA card many small operations take longer."""
    matrices = torch.stack([ahead.flatten(1) for _, ahead in pairs])
    rows, columns = matrices.shape[1:]
    stretch = max(1.0, rows / columns) ** 0.5
    for (weight, _), step in zip(pairs, orthogonal(matrices), strict=True):
        weight.add_(step.view_as(weight), alpha=-lr * stretch)


def _adam(weight: Tensor, gradient: Tensor, state: dict[str, Any], lr: float) -> None:
    mean = state.setdefault("mean", torch.zeros_like(weight))
    square = state.setdefault("square", torch.zeros_like(weight))
    count = state["count"] = state.get("count", 0) + 1
    mean.lerp_(gradient, 1 - BETAS[0])
    square.lerp_(gradient.square(), 1 - BETAS[1])
    root = (square / (1 - BETAS[1] ** count)).sqrt() + TINY
    weight.addcdiv_(mean / (1 - BETAS[0] ** count), root, value=-lr * ADAM_SHARE)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return matrices with the singular values brought to about 1 by the Newton-Schulz iteration.

    Parameters
    ----------
    matrix : Tensor, shape (..., M, N)
        One or more matrices of full rank, or nearly.

    Returns
    -------
    Tensor, shape (..., M, N)
        The same singular vectors; values between 0.7 and 1.2, except those that were tiny.
    """
    a, b, c = QUINTIC
    x = matrix / (torch.linalg.matrix_norm(matrix, keepdim=True) + TINY)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x
