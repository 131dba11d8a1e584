"""The weights of a network that was stored for ncnn.

A ``.param`` file lists the layers as text, in the order of execution; a ``.bin`` file holds their weights, in the same
order.

References
----------
.. [1] ncnn, "param and model file structure" and "operation param weight table", https://github.com/Tencent/ncnn/wiki
"""

import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsCorrupt

Tensor = NDArray[np.float32]

_MAGIC = "7767517"
_SINGLE, _HALF = "<f4", "<f2"
_FORMATS = {0: _SINGLE, 0x01306B47: _HALF}
"""Types of weights by the number before them; biases are in single precision."""
_CHANNELS, _KERNEL, _HAS_BIAS, _WEIGHTS = "0", "1", "5", "6"
"""Parameters of a convolution."""


def read(param: str, weights: bytes, names: Sequence[str]) -> dict[str, Tensor]:
    """Return the state dict of a network whose only weights are those of convolutions with a square kernel and a bias.

    Parameters
    ----------
    param, weights
        Content of the ``.param`` and the ``.bin`` file.
    names : sequence of str
        Names of the convolutions, in the order of execution.

    Returns
    -------
    dict of str to ndarray
        ``NAME.weight`` of shape (outputs, inputs, side, side) and ``NAME.bias`` of shape (outputs,), in float32.

    Raises
    ------
    WeightsCorrupt
        If the files hold anything else, too little or too much.
    """
    stream, state = io.BytesIO(weights), {}
    try:
        for name, layer in zip(names, _convolutions(param), strict=True):
            state[f"{name}.weight"], state[f"{name}.bias"] = _tensors(stream, layer)
    except (ValueError, LookupError) as error:
        msg = (
            f"Expected the {len(names)} convolutions of a network for ncnn, got files of another kind, or damaged ones."
        )
        raise WeightsCorrupt(msg) from error
    if rest := len(stream.read()):
        msg = f"Expected weights for {len(names)} convolutions alone, got {rest} bytes more. Choose another file."
        raise WeightsCorrupt(msg)
    return state


def _convolutions(param: str) -> Iterator[dict[str, str]]:
    """Yield the parameters of each convolution."""
    magic, _counts, *layers = param.splitlines()
    if magic != _MAGIC:
        raise ValueError(magic)
    for kind, _name, inputs, outputs, *fields in map(str.split, layers):
        if kind == "Convolution":
            blobs = int(inputs) + int(outputs)
            yield dict(field.split("=") for field in fields[blobs:])


def _tensors(stream: io.BytesIO, layer: dict[str, str]) -> tuple[Tensor, Tensor]:
    """Read weight and bias of one convolution."""
    channels, side, count = (int(layer[key]) for key in (_CHANNELS, _KERNEL, _WEIGHTS))
    if layer[_HAS_BIAS] != "1":
        raise ValueError(layer)
    stored = _FORMATS[int.from_bytes(stream.read(4), "little")]
    weight = _read(stream, stored, count).reshape(channels, -1, side, side)
    return weight, _read(stream, _SINGLE, channels)


def _read(stream: io.BytesIO, stored: str, count: int) -> Tensor:
    """Read numbers, which fill whole words of four bytes."""
    size = count * np.dtype(stored).itemsize
    data = stream.read(size + -size % 4)
    return np.frombuffer(data, stored, count).astype(np.float32)
