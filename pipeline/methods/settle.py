"""Edge-aware smoothing: uncertain values follow those around them, up to the edges of a picture."""

from collections.abc import Callable

import numpy as np

from pipeline.arrays import Image, Plane

_ROUNDS = 40
"""Steps of the conjugate gradients; after them, ab change by less than the eye sees."""


def settled(values: Image, trust: Plane, guide: Plane, *, smoothness: float, edge: float) -> Image:
    """Return values that are alike wherever no edge of the guide lies between them.

    The result minimises the squared distance to `values`, weighted by `trust`, plus the squared steps between
    neighbours, weighted by how alike the guide is on both sides.

    Parameters
    ----------
    values : ndarray of float32, shape (H, W, C)
        For example CIE a and b.
    trust : ndarray of float32, shape (H, W)
        Weight of each value, above 0.
    guide : ndarray of float32, shape (H, W)
        For example the luminance.
    smoothness : float
        Weight of the steps between neighbours; 0 returns `values`.
    edge : float
        Step of the guide, in its units, at which that weight falls to 1 / e.

    Returns
    -------
    ndarray of float32, shape (H, W, C)

    References
    ----------
    .. [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using Optimization", SIGGRAPH 2004.
    .. [2] Z. Farbman, R. Fattal, D. Lischinski, R. Szeliski, "Edge-Preserving Decompositions for Multi-Scale Tone and
       Detail Manipulation", SIGGRAPH 2008: weighted least squares.
    """
    weight = trust[..., None]
    links = [
        np.float32(smoothness) * np.exp(-np.abs(np.diff(guide, axis=axis)) / np.float32(edge))[..., None]
        for axis in (0, 1)
    ]
    diagonal = weight + sum(_ends(link, axis, sign=1) for axis, link in enumerate(links))

    def matrix(x: Image) -> Image:
        steps = (link * np.diff(x, axis=axis) for axis, link in enumerate(links))
        return weight * x + sum(_ends(step, axis, sign=-1) for axis, step in enumerate(steps))

    return _conjugate_gradients(matrix, weight * values, values, diagonal)


def _ends(links: Image, axis: int, *, sign: int) -> Image:
    """Return, for each pixel, the link that ends there plus `sign` times the one that begins there."""
    before, after = ([(0, 0)] * links.ndim for _ in range(2))
    before[axis], after[axis] = (1, 0), (0, 1)
    return np.pad(links, before) + np.float32(sign) * np.pad(links, after)


def _conjugate_gradients(matrix: Callable[[Image], Image], goal: Image, start: Image, diagonal: Image) -> Image:
    """Return nearly the solution of ``matrix(x) = goal``, from a first guess; preconditioned by the diagonal."""
    x, residual = start, goal - matrix(start)
    ahead = residual / diagonal
    direction, energy = ahead, float(np.vdot(residual, ahead))
    for _ in range(_ROUNDS):
        if energy <= 0:
            break
        image = matrix(direction)
        length = np.float32(energy / float(np.vdot(direction, image)))
        x = x + length * direction
        residual = residual - length * image
        ahead = residual / diagonal
        previous, energy = energy, float(np.vdot(residual, ahead))
        direction = ahead + np.float32(energy / previous) * direction
    return x
