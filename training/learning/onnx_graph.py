"""Read the nodes and tensors of an ONNX file without the package ``onnx``: its format is Protocol Buffers.

References
----------
.. [1] Protocol Buffers, "Encoding"; the numbers of the fields are those of ``onnx.proto3`` (Apache-2.0).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.errors import WeightsCorrupt, WeightsMissing

Field = tuple[int, int | bytes]
"""Number of a field, and its value."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
"""Kinds of values."""
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 7: np.dtype("<i8")}
"""Types of tensors that face networks use."""


@dataclass(frozen=True)
class Node:
    """One operation of a graph."""

    kind: str
    """Such as ``"Conv"``."""
    inputs: tuple[str, ...]
    """Names of the values and tensors that it takes."""
    output: str
    """Name of the value that it computes."""
    numbers: dict[str, tuple[int, ...]]
    """Its attributes that are integers or lists of them."""


@dataclass(frozen=True)
class Graph:
    """A network: its nodes in the order of execution, and its tensors by name."""

    nodes: tuple[Node, ...]
    tensors: dict[str, Tensor]


def read(path: Path) -> Graph:
    """Return the graph of an ONNX file.

    Raises
    ------
    WeightsMissing
        If there is no file at the path.
    WeightsCorrupt
        If it is damaged or of another format.
    """
    if not path.is_file():
        msg = f"Expected an ONNX file at {path}, found none. Check the path."
        raise WeightsMissing(msg)
    try:
        (body,) = (value for number, value in _fields(path.read_bytes()) if number == 7)
        return _graph(_bytes(body))
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, ValueError) as error:
        msg = f"Expected an ONNX network of 32-bit floats in {path}, got another or damaged file. Choose another."
        raise WeightsCorrupt(msg) from error


def _graph(data: bytes) -> Graph:
    nodes, tensors = [], {}
    for number, value in _fields(data):
        if number == 5:
            name, tensor = _tensor(_bytes(value))
            tensors[name] = tensor
        elif number == 1:
            node, constant = _node(_bytes(value))
            if constant is None:
                nodes.append(node)
            else:
                tensors[node.output] = constant
    return Graph(tuple(nodes), tensors)


def _node(data: bytes) -> tuple[Node, Tensor | None]:
    """Return a node, and its value if it is a constant."""
    fields = list(_fields(data))
    inputs, outputs, kinds = ([_bytes(value).decode() for n, value in fields if n == number] for number in (1, 2, 4))
    numbers, constant = {}, None
    for name, values, tensor in (_attribute(_bytes(value)) for n, value in fields if n == 5):
        numbers[name] = values
        constant = tensor if tensor is not None else constant
    return Node(kinds[0], tuple(inputs), outputs[0], numbers), constant


def _attribute(data: bytes) -> tuple[str, tuple[int, ...], Tensor | None]:
    """Return the name of an attribute, its integers, and its tensor if it is one."""
    name, numbers, tensor = "", [], None
    for number, value in _fields(data):
        if number == 1:
            name = _bytes(value).decode()
        elif number in (3, 8):
            numbers += _integers(value)
        elif number == 5:
            tensor = _tensor(_bytes(value))[1]
    return name, tuple(numbers), tensor


def _tensor(data: bytes) -> tuple[str, Tensor]:
    """Return the name and the values of a tensor."""
    name, shape, kind, raw = "", [], 0, b""
    for number, value in _fields(data):
        if number == 1:
            shape += _integers(value)
        elif number == 2:
            (kind,) = _integers(value)
        elif number == 8:
            name = _bytes(value).decode()
        elif number == 9:
            raw = _bytes(value)
    return name, torch.from_numpy(np.frombuffer(raw, _TYPES[kind]).reshape(shape).copy())


def _integers(value: int | bytes) -> list[int]:
    """Return one integer, or those of a packed list."""
    if isinstance(value, int):
        return [value]
    numbers, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        numbers.append(number)
    return numbers


def _fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value: int | bytes
            value, place = _varint(data, place)
        else:
            if kind == _BYTES:
                length, place = _varint(data, place)
            else:
                length = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}[kind]
            value = data[place : place + length]
            if len(value) < length:
                msg = "a field ends beyond the file"
                raise ValueError(msg)
            place += length
        yield key >> 3, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return an integer of seven bits a byte, and the place after it."""
    number = shift = 0
    while True:
        number |= (data[place] & 127) << shift
        shift += 7
        place += 1
        if data[place - 1] < 128:
            return number, place


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        msg = "a number stands where a text or message is expected"
        raise TypeError(msg)
    return value
