"""Graphs whose convolutions compute in 8-bit integers.

Weights are quantised when a graph is loaded, with a step for each output channel. The input of a convolution is
quantised with a step that must be known beforehand, from its range over many pictures: ``python -m training calibrate``
measures it, and the graph's file keeps it.

References
----------
.. [1] B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
   CVPR 2018: ranges in which 0 is exact, and a step for each channel's weights.
"""

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as operations

from models.errors import WeightsCorrupt

Ranges = NDArray[np.float32]
"""Least and greatest input of each convolution, in the graph's order, shape (convolutions, 2)."""

_PLACE = ["restoration_studio", "ranges"]
_STEPS = 255


def convolutions(graph: openvino.Model) -> list[openvino.Node]:
    """Return the convolutions of a graph, in its order."""
    return [node for node in graph.get_ordered_ops() if node.get_type_name() == "Convolution"]


def has_ranges(graph: openvino.Model) -> bool:
    """Return whether a graph keeps the input ranges of its convolutions."""
    return bool(graph.has_rt_info(_PLACE))


def ranges_of(graph: openvino.Model) -> Ranges:
    """Return the input ranges that a graph keeps.

    Raises
    ------
    WeightsCorrupt
        If it keeps none, or those of another network.
    """
    kept = str(graph.get_rt_info(_PLACE).value) if has_ranges(graph) else ""
    values = np.array(kept.split(), np.float32)
    if values.size != 2 * len(convolutions(graph)):
        msg = (
            f"Expected the ranges of {len(convolutions(graph))} convolutions in the graph, got {values.size // 2}. "
            "Measure them with python -m training calibrate."
        )
        raise WeightsCorrupt(msg)
    return values.reshape(-1, 2)


def keep(graph: openvino.Model, ranges: Ranges) -> None:
    """Store input ranges in a graph, so that its file keeps them."""
    graph.set_rt_info(" ".join(f"{value:.6g}" for value in ranges.ravel()), _PLACE)


def quantise(graph: openvino.Model) -> openvino.Model:
    """Quantise, in place, the inputs and weights of all convolutions of a graph that keeps its ranges.

    Parameters
    ----------
    graph : openvino.Model
        Its activations must follow convolutions, as those of the bundled upscalers do.

    Returns
    -------
    openvino.Model
        The same; once compiled, its convolutions compute in 8 bits, the rest in the precision that is asked for.

    Raises
    ------
    WeightsCorrupt
        As `ranges_of` does.
    """
    for node, (least, greatest) in zip(convolutions(graph), ranges_of(graph), strict=True):
        low, high = _with_exact_zero(float(least), float(greatest))
        rounded = operations.fake_quantize(node.input_value(0), low, high, low, high, _STEPS + 1)
        node.input(0).replace_source_output(rounded.output(0))
        node.input(1).replace_source_output(_rounded_weights(_constant(node.input_value(1).get_node())).output(0))
    graph.validate_nodes_and_infer_types()
    return graph


def _with_exact_zero(low: float, high: float) -> tuple[np.float32, np.float32]:
    """Return a range shifted by less than a step, so that 0, which pads the borders, is exact."""
    low, high = min(low, 0.0), max(high, 1e-6)
    step = (high - low) / _STEPS
    zero = round(-low / step)
    return np.float32(-zero * step), np.float32((_STEPS - zero) * step)


def _rounded_weights(weights: NDArray[np.float32]) -> openvino.Node:
    most = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), 1e-6)
    return operations.fake_quantize(operations.constant(weights), -most, most, -most, most, _STEPS)


def _constant(node: openvino.Node) -> NDArray[np.float32]:
    """Return the values of a constant that a conversion from 16 bits may follow."""
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    return np.asarray(node.data, np.float32)
