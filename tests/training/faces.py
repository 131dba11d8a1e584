"""Small files to train the networks of faces with: a labelled face, and an ONNX network like MobileFaceNet."""

import csv
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from pipeline.arrays import Image8
from training.learning.mosaics import Labelled

FACE = (30.0, 20.0, 40.0, 50.0)
POINTS = ((40.0, 35.0), (60.0, 36.0), (50.0, 45.0), (42.0, 55.0), (58.0, 56.0))
"""Box and points of a face in a picture of 100 x 90 pixels."""


def marked() -> Labelled:
    """Return a face whose right eye is red, left eye green, and mouth blue, on grey."""
    pixels = np.full((90, 100, 3), 128, np.uint8)
    for (x, y), colour in zip(
        POINTS, ((255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 255), (0, 0, 255)), strict=True
    ):
        pixels[int(y) - 3 : int(y) + 3, int(x) - 3 : int(x) + 3] = colour
    return Labelled(pixels, np.array([[*FACE, *np.ravel(POINTS), 1.0]], np.float32))


def write_pictures(path: Path, pictures: dict[str, Image8]) -> None:
    """Write a tar file of PNG pictures."""
    with tarfile.open(path, "w") as archive:
        for name, pixels in pictures.items():
            stream = BytesIO()
            Pictures.fromarray(pixels).save(stream, "PNG")
            entry = tarfile.TarInfo(name)
            entry.size = stream.tell()
            archive.addfile(entry, BytesIO(stream.getvalue()))


def write_labelled(pictures: Path, labels: Path) -> None:
    """Write a picture with a face and one without, and the table of them."""
    write_pictures(pictures, {"set/a.png": marked().pixels, "set/b.png": np.zeros((64, 64, 3), np.uint8)})
    names = [f"{part}_{axis}" for part in ("re", "le", "nose", "rm", "lm") for axis in "xy"]
    with labels.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "width", "height", "detect_scale", "det", "x", "y", "w", "h", "score", *names])
        table.writerow(["set/a.png", 100, 90, 2, 1, *FACE, 0.93, *np.ravel(POINTS)])
        table.writerow(["set/b.png", 64, 64, 2, 0, *[""] * 15])


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


def write_teacher(path: Path, last: str = "Reshape") -> Path:
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
