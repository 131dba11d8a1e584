"""What the studio must know of a model, as data."""

from dataclasses import dataclass
from typing import Literal

Task = Literal["denoise", "deblur", "colorize", "upscale", "estimate", "detect", "fill"]
Tier = Literal["fast", "full", "own"]
Tiling = Literal["exact", "approximate", "never"]

BLEND = 32
"""Overlap for tiles of a network that sees too far to be exact."""
EXACT_TILE = 1024
"""Side of a tile of an official network whose tiles are exact; the overlaps of 512 would cost a fifth of the time."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model; sizes are in pixels of its input."""

    id: str
    """The name that commands and settings use."""

    title: str
    """The name that people read."""

    task: Task
    """What it is for."""

    tier: Tier
    """``"fast"`` comes in the box, ``"full"`` is downloaded, ``"own"`` is a person's file."""

    builder: str
    """``"module:function"`` that makes the network of a state dict; imported on first use."""

    file: str
    """Name of its file in the folder of its tier."""

    licence: str
    """SPDX identifier of the weights' licence."""

    paper: str
    """Where it was published."""

    scale: int = 1
    """Enlargement."""

    channels: int = 3
    """Channels of the input: 3 for RGB in [0, 1], 1 for CIE L in [0, 100], 4 for L and a person's hints, or for
    RGB and a mask, 3 n for n pictures one behind the other."""

    working_side: int = 0
    """Where above 0, a picture is reduced to the area of a square of this side before the network sees it."""

    multiple: int = 1
    """Both sides are multiples of this."""

    minimum: int = 1
    """Both sides are at least this."""

    context: int = 0
    """How far an output pixel sees; where tiles are not exact, the overlap to blend over."""

    tile: int = 256
    """Side of a tile, its overlap included."""

    tiling: Tiling = "approximate"
    """Whether tiles with `context` equal the whole, come close, or must not be used."""

    half: bool = False
    """Whether it keeps its quality in 16-bit floats."""

    ranges: bool = False
    """Whether its graph keeps the ranges with which it computes in 8 bits, and loses nothing by it."""

    usual: float = 0.0
    """Part of all pixels that a detector of damage takes for damaged before it sees a picture; 0 if not known."""

    partner: str = ""
    """Model whose weights may be mixed in, to denoise less or to be more faithful."""

    sources: tuple[str, ...] = ()
    """Addresses of its file, in the order to try them."""

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
        """Whether the model comes in the box."""
        return self.tier == "fast"
