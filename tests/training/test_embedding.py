"""The reader of ONNX files, against OpenVINO's, and the embedding that faces are compared by."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from training.learning import embedding, onnx_graph

ROWS = (
    ("c1", 64, 2, 1, 3, "Clip"),
    ("c2", 64, 2, 64, 3, "Relu"),
    ("c3", 64, 1, 64, 3, "Add"),
    ("c4", 128, 2, 1, 3, "Relu"),
    ("c5", 128, 1, 128, 3, "Add"),
    ("c6", 128, 1, 128, 14, ""),
)
"""Convolutions of a small network: name, filters, stride, groups, side, and the operation after each."""


def field(number: int, value: int | bytes | str) -> bytes:
    """Return a field of a Protocol Buffers message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def tensor(name: str, values: np.ndarray) -> bytes:
    kind = 1 if values.dtype == np.float32 else 7
    shape = b"".join(field(1, side) for side in values.shape)
    return shape + field(2, kind) + field(8, name) + field(9, values.tobytes())


def node(kind: str, inputs: list[str], output: str, **numbers: list[int] | int) -> bytes:
    data = b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)
    for name, value in numbers.items():
        one = isinstance(value, int)
        packed = field(3, value) if one else b"".join(field(8, number) for number in value)
        data += field(5, field(1, name) + packed + field(20, 2 if one else 7))
    return data


def picture(name: str, *shape: int) -> bytes:
    sides = b"".join(field(1, field(1, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, sides)))


def write(path: Path, last: str = "Reshape") -> Path:
    """Write a network with the operations of MobileFaceNet: maps of 28 and 14 pixels are sums."""
    rng = np.random.default_rng(0)
    graph, value, channels = b"", "x", 3
    limits = (tensor("low", np.float32(0)), tensor("high", np.float32(6)), tensor("shape", np.array([1, -1])))
    graph += b"".join(field(5, part) for part in limits)
    for name, filters, stride, groups, side, after in ROWS:
        kernel = rng.normal(0, 0.3, (filters, channels // groups, side, side)).astype(np.float32)
        graph += field(5, tensor(f"{name}.k", kernel))
        graph += field(5, tensor(f"{name}.b", rng.normal(0, 0.1, filters).astype(np.float32)))
        shape = {"dilations": [1, 1], "group": groups, "kernel_shape": [side] * 2, "pads": [side % 2] * 4}
        graph += field(1, node("Conv", [value, f"{name}.k", f"{name}.b"], name, **shape, strides=[stride] * 2))
        more = {"Clip": ["low", "high"], "Add": [value]}.get(after, [])
        graph += field(1, node(after, [name, *more], f"{name}.{after}")) if after else b""
        value, channels = (f"{name}.{after}" if after else name), filters
    graph += field(1, node(last, [value, "shape"] if last == "Reshape" else [value], "y"))
    graph += field(11, picture("x", 1, 3, 112, 112)) + field(12, picture("y", 1, 128))
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 17)))
    return path


def test_answers_as_openvino_does(tmp_path: Path) -> None:
    path = write(tmp_path / "face.onnx")
    face = np.random.default_rng(1).random((1, 3, 112, 112), np.float32)
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    expected = openvino.Core().compile_model(path, "CPU", hints)((face * 255 - 127.5) / 128)[0][0]
    vectors, maps = embedding.load(path, "cpu")(torch.from_numpy(face))
    np.testing.assert_allclose(vectors[0].numpy(), expected / np.linalg.norm(expected), atol=1e-5)
    assert [tuple(part.shape[2:]) for part in maps] == [(28, 28), (14, 14)]


def test_gradients_reach_the_picture(tmp_path: Path) -> None:
    face = torch.rand(1, 3, 112, 112, requires_grad=True)
    embedding.load(write(tmp_path / "face.onnx"), "cpu")(face)[0].sum().backward()
    assert face.grad is not None
    assert face.grad.abs().max() > 0


def test_names_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="none"):
        onnx_graph.read(tmp_path / "none.onnx")
    path = write(tmp_path / "face.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsCorrupt, match="damaged"):
        onnx_graph.read(path)
    with pytest.raises(CheckpointMismatch, match="Sigmoid"):
        embedding.load(write(tmp_path / "other.onnx", last="Sigmoid"), "cpu")
