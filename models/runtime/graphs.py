"""OpenVINO's graphs: converted from a torch module, read from a file, or interpolated between two files."""

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import opset13 as operations
from openvino.preprocess import PrePostProcessor

from models.errors import CheckpointMismatch
from models.runtime import quantised
from models.spec import ModelSpec

_PICTURE_RANK = 4


@lru_cache(maxsize=1)
def core() -> openvino.Core:
    """Return OpenVINO's one core."""
    return openvino.Core()


def convert(spec: ModelSpec, module: Any) -> openvino.Model:
    """Return the graph of a torch module, for any height and width; it is traced."""
    import torch

    side = -(-max(spec.minimum, 64) // spec.multiple) * spec.multiple
    example = torch.rand(1, spec.channels, side, side)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer announces its own retirement at every call
        traced = torch.jit.trace(module, example, check_trace=False)  # the check would trace once more
        graph = openvino.convert_model(traced, example_input=example)
    graph.reshape([1, spec.channels, -1, -1])
    return graph


def read(path: Path, other: Path | None = None, share: float = 1.0) -> openvino.Model:
    """Return a graph, its weights interpolated with those of another of the same network; needs no torch.

    Parameters
    ----------
    path : Path
        The graph's ``.xml``; the ``.safetensors`` that has its weights and the ``.bin`` lie beside it.
    other : Path, optional
        The other graph.
    share : float
        The first graph's share, in [0, 1]: every weight becomes ``share * first + (1 - share) * other``, the
        network interpolation of ESRGAN (X. Wang et al., 2018). So do the input ranges of convolutions, where both
        graphs keep them.

    Raises
    ------
    CheckpointMismatch
        If the two are of different networks.
    """
    graph = _read(path)
    if other is None:
        return graph
    partner = _read(other)
    first, second = _weights(graph), _weights(partner)
    if [node.shape for node in first] != [node.shape for node in second]:
        msg = (
            f"Expected two files of one network, got {path.name} and {other.name}, whose shapes differ. "
            "Choose two files of one release."
        )
        raise CheckpointMismatch(msg)
    for node, twin in zip(first, second, strict=True):
        mixed = share * node.data.astype(np.float32) + (1 - share) * twin.data.astype(np.float32)
        node.output(0).replace(operations.constant(mixed.astype(node.data.dtype)).output(0))
    if quantised.has_ranges(graph) and quantised.has_ranges(partner):
        mean = share * quantised.ranges_of(graph) + (1 - share) * quantised.ranges_of(partner)
        quantised.keep(graph, mean)
    return graph


def _read(path: Path) -> openvino.Model:
    """Return the graph of a file; its offsets count through the safetensors file, then through the ``.bin``."""
    parts = (path.with_suffix(suffix).read_bytes() for suffix in (".safetensors", ".bin"))
    return core().read_model(path.read_bytes(), b"".join(parts))


def channels_last(graph: openvino.Model) -> openvino.Model:
    """Return a graph whose output is a picture with that output channels-last, shape (1, H, W, C).

    OpenVINO transposes it on every core, and often as part of the last layer: an upscaler takes a sixth less time than
    with a transposition afterwards. Any other graph is returned as it is.
    """
    if graph.output(0).partial_shape.rank.get_length() != _PICTURE_RANK:
        return graph
    steps = PrePostProcessor(graph)
    steps.output().model().set_layout(openvino.Layout("NCHW"))
    steps.output().tensor().set_layout(openvino.Layout("NHWC"))
    return steps.build()


def _weights(graph: openvino.Model) -> list[Any]:
    """Return the constants that hold weights, which are real numbers; shapes and axes are integers."""
    constants = (node for node in graph.get_ordered_ops() if node.get_type_name() == "Constant")
    return [node for node in constants if node.get_element_type().is_real()]
