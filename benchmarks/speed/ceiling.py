"""The most operations a second that OpenVINO reaches on this machine, in large products and plain convolutions."""

import time
from functools import lru_cache
from math import prod
from statistics import median
from typing import Any, Literal

import numpy as np
import openvino
from openvino import opset13 as ops

from models.catalog import ModelSpec
from models.runtime import graphs
from models.runtime.engine import graph

Kind = Literal["matmul", "convolution"]
Number = Literal["float32", "bfloat16", "int8"]

KINDS: tuple[Kind, ...] = ("matmul", "convolution")
NUMBERS: tuple[Number, ...] = ("float32", "bfloat16", "int8")

_LAYERS = 16
_SIDE = 2048
_CHANNELS, _PIXELS, _KERNEL = 64, 512, 3
_STEPS = 256


def reached(kind: Kind, number: Number, rounds: int) -> float | None:
    """Return the operations a second that one kind of work reaches, or None if the processor lacks the number format.

    A multiplication with an addition counts as two operations.

    Parameters
    ----------
    kind : {"matmul", "convolution"}
        Products of matrices of 2048 x 2048, or 3x3 convolutions from 64 to 64 channels over 512 x 512 pixels; 16 in a
        row.
    number : {"float32", "bfloat16", "int8"}
        Number format.
    rounds : int
        Timed runs, after one that is not; their median is used.
    """
    if number == "bfloat16" and "BF16" not in graphs.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return None
    model = _matmuls(number) if kind == "matmul" else _convolutions(number)
    precision = "bf16" if number == "bfloat16" else "f32"
    request = graphs.core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision}).create_infer_request()
    x = np.random.default_rng(0).random(tuple(model.input(0).shape), np.float32)
    request.infer({0: x})
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        request.infer({0: x})
        seconds.append(time.perf_counter() - started)
    return count(model) / median(seconds)


@lru_cache
def per_pixel(spec: ModelSpec) -> float:
    """Return the operations of a network for one pixel of its input; an official network needs torch."""
    side = 256
    model = graph(spec)
    model.reshape([1, spec.channels, side, side])
    return count(model) / side**2


def count(model: Any) -> float:
    """Return the operations of the convolutions and products in a graph of fixed size."""
    return 2.0 * sum(_products(node) for node in model.get_ordered_ops())


def _products(node: Any) -> int:
    """Return the number of multiplications of one node of a graph."""
    kind = node.get_type_name()
    if kind not in ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"):
        return 0
    inputs, weights = (list(node.input(i).get_shape()) for i in (0, 1))
    outputs = prod(node.output(0).get_shape())
    match kind:
        case "MatMul":
            return outputs * inputs[-1]
        case "Convolution":
            return outputs * prod(weights[1:])  # weights: outputs, inputs, kernel
        case "GroupConvolution":
            return outputs * prod(weights[2:])  # groups, outputs, inputs, kernel
        case _:
            return prod(inputs) * prod(weights[1:])  # inputs, outputs, kernel


def _matmuls(number: Number) -> Any:
    """Return a row of products, with an activation after each so that they cannot be merged."""
    x = start = ops.parameter([_SIDE, _SIDE], np.float32)
    for layer in range(_LAYERS):
        x = ops.relu(ops.matmul(_rounded(x, number), _weights(layer, (_SIDE, _SIDE), number), False, False))
    return openvino.Model([x], [start], "matmuls")


def _convolutions(number: Number) -> Any:
    x = start = ops.parameter([1, _CHANNELS, _PIXELS, _PIXELS], np.float32)
    shape = (_CHANNELS, _CHANNELS, _KERNEL, _KERNEL)
    for layer in range(_LAYERS):
        kernel = _weights(layer, shape, number)
        x = ops.relu(ops.convolution(_rounded(x, number), kernel, [1, 1], [1, 1], [1, 1], [1, 1]))
    # Writing all 64 channels as the output would take as long as several layers in 8 bits.
    return openvino.Model([ops.reduce_mean(x, np.array([2, 3]), False)], [start], "convolutions")


def _weights(seed: int, shape: tuple[int, ...], number: Number) -> Any:
    """Return random weights that keep the standard deviation of their input."""
    spread = 1 / np.sqrt(np.prod(shape[1:]))
    values = np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)
    constant = ops.constant(values)
    if number != "int8":
        return constant
    most = float(np.abs(values).max())
    return ops.fake_quantize(constant, *map(np.float32, (-most, most, -most, most)), _STEPS - 1)


def _rounded(x: Any, number: Number) -> Any:
    """Return x quantised for int8, which makes OpenVINO compute in integers."""
    return ops.fake_quantize(x, *map(np.float32, (0, 4, 0, 4)), _STEPS) if number == "int8" else x
