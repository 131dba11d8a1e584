"""The output of the decoders: samples as stored, and the metadata of the file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.cicp import Cicp
from pipeline.notices import Notice

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Space = Literal["GRAY", "RGB", "CMYK"]
SPACES: dict[int, Space] = {1: "GRAY", 3: "RGB", 4: "CMYK"}


@dataclass(frozen=True)
class Raster:
    """Decoded samples of a picture or of a band of its rows, before rotation, reduction and colour conversion."""

    samples: Samples
    """Shape (H, W, C): C is 1 for grey, 3 for RGB, 4 for CMYK (0 is no ink)."""

    alpha: Samples | None
    """Shape (H, W), straight."""

    white: int
    """The value that means 1.0: 255, 65535, or less for fewer bits."""

    @property
    def space(self) -> Space:
        """The colour space, by the number of channels."""
        return SPACES[self.samples.shape[2]]

    @property
    def depth(self) -> int:
        """Bits a channel, by dtype: 8 or 16."""
        return 8 * self.samples.dtype.itemsize


def as_samples(values: NDArray[Any], size: int) -> Samples:
    """Return values as unsigned integers of `size` bytes, 1 or 2."""
    if size == 1:
        return values.astype(np.uint8, copy=False)
    return values.astype(np.uint16, copy=False)


def from_channels(array: Samples, white: int) -> Raster:
    """Return a raster of an array of 1 to 4 channels: grey, grey and alpha, RGB, or RGBA."""
    channels = array.reshape(*array.shape[:2], -1)
    has_alpha = channels.shape[2] in (2, 4)
    if not has_alpha:
        return Raster(channels, None, white)
    return Raster(channels[..., :-1], channels[..., -1], white)


@dataclass(frozen=True)
class Opened:
    """The header of a file, with a function that decodes its pixels, in bands from top to bottom."""

    format: str
    size: tuple[int, int]
    """Width and height as stored, before rotation."""

    load: Callable[[], Iterable[Raster]]
    infrared: Callable[[], Iterable[Raster]] | None = None
    """Decodes a scanner's infrared channel, grey and of the same size; None where there is none."""

    pages: int = 1
    """Number of pages that can be chosen."""

    page: int = 1
    """Which of them this is."""

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    cicp: Cicp | None = None
    """Colours that are stated by code points instead of a profile."""

    dpi: tuple[float, float] | None = None
    texts: tuple[tuple[str, str], ...] = ()
    """Keywords and texts, by the keywords of PNG."""

    notices: tuple[Notice, ...] = ()
    """What of the file is not used."""
