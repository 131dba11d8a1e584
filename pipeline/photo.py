"""Photo in, photo out: the only room that knows file formats.

Beyond this line pictures are float32 RGB in sRGB; depth, alpha, profile, orientation and metadata are kept here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs import colour, decode, encode, geometry
from pipeline.codecs.mark import with_mark
from pipeline.codecs.metadata import Metadata, find, retold
from pipeline.codecs.names import safe_stem
from pipeline.codecs.raster import Opened
from pipeline.errors import OptionError, PhotoTooLarge, PhotoUnreadable, PhotoUnwritable
from pipeline.notices import Notice
from pipeline.options import check, choice, number, switch

__all__ = [
    "DECODE_LIMIT",
    "LEAST_CAP",
    "MAX_ASPECT",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "Encoded",
    "Metadata",
    "Output",
    "Photo",
    "encode_photo",
    "read_photo",
    "restored_name",
    "safe_stem",
]

F32 = NDArray[np.float32]

MAX_PIXELS = 2_000_000
"""The cap: larger photographs are reduced to it."""

DECODE_LIMIT = 250_000_000
"""Pixels that are decoded at all; by the header, before any memory is taken."""

MAX_BYTES = 1 << 30
"""Bytes of a file."""

MIN_SIDE = 8
"""Pixels; a shorter side is no photograph."""

MAX_ASPECT = 50
"""The long side over the short one; a panorama of ten frames has about 10."""

LEAST_CAP = MAX_ASPECT * MIN_SIDE**2
"""Pixels; under a lower cap the side of a narrow photograph would fall below the least."""


@dataclass(frozen=True)
class Photo:
    """A photograph in working form, with what its file said."""

    pixels: F32
    """Shape (H, W, 3), RGB, sRGB-encoded, [0, 1], upright."""

    alpha: F32 | None
    """Shape (H, W), straight, [0, 1]."""

    depth: int
    """8 or 16 bits a channel in the file, by dtype, however dark it is."""

    name: str
    """A safe file stem."""

    format: str
    """What the file was, such as ``"JPEG"`` or ``"WebP"``."""

    original_size: tuple[int, int]
    """Width and height, upright, before any reduction."""

    metadata: Metadata
    notices: tuple[Notice, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `pixels`."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True)
class Output:
    """How to write a picture."""

    format: str = choice("png", ("png", "jpeg", "webp", "tiff"), help="the file format, where OUT does not end in one")
    quality: int = number(92, low=1, high=100, step=1, help="of JPEG and WebP: higher is truer and larger")
    metadata: str = choice(
        "keep", ("keep", "no-gps", "strip"), help="EXIF and XMP: keep them, without the location, or not at all"
    )
    mark: bool = switch(False, help="put a small mark into a corner if parts were guessed by a machine")

    def __post_init__(self) -> None:
        check(self)

    @property
    def suffix(self) -> str:
        """The ending of file names, such as ``".jpg"``."""
        return ".jpg" if self.format == "jpeg" else f".{self.format}"


@dataclass(frozen=True)
class Encoded:
    """A file ready to be written."""

    data: bytes
    notices: tuple[Notice, ...]


def read_photo(
    source: bytes | Path, *, name: str | None = None, max_pixels: int = MAX_PIXELS, strict: bool = False
) -> Photo:
    """Read a photograph of any format by its content.

    Parameters
    ----------
    source : bytes or Path
        A file or what was in it.
    name : str, optional
        The file's name, from which the output's is made; the path's by default.
    max_pixels : int
        Above it the picture is reduced by averaging over areas, with a notice.
    strict : bool
        Refuse instead of reducing.

    Returns
    -------
    Photo

    Raises
    ------
    PhotoUnreadable
        Not a picture, damaged, or of a shape no photograph has.
    PhotoTooLarge
        Over `DECODE_LIMIT` or `MAX_BYTES`; over `max_pixels` when `strict`.
    OptionError
        Where `max_pixels` is too small for any photograph.
    """
    if max_pixels < LEAST_CAP:
        msg = f"max_pixels must be at least {LEAST_CAP}, not {max_pixels}."
        raise OptionError(msg)
    data = _bytes_of(source)
    opened = decode.open_image(data)
    _check_header(opened)
    found = find(opened)
    size = geometry.fit(opened.size, max_pixels)
    reduced = _reduction(_turned(opened.size, found.orientation), _turned(size, found.orientation), strict)
    raster = decode.load(opened)
    icc = opened.icc or (colour.adobe_rgb_profile() if found.adobe_rgb and raster.space == "RGB" else None)
    samples, alpha = geometry.shrink(raster, size)
    pixels, converted = colour.to_srgb(samples, raster.space, icc)
    pixels = geometry.turn_upright(pixels, found.orientation)
    if alpha is not None:
        alpha = geometry.turn_upright(alpha, found.orientation)
        pixels = geometry.fill_hidden(pixels, alpha)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        depth=raster.depth,
        name=safe_stem(name if name is not None else source.name if isinstance(source, Path) else ""),
        format=opened.format,
        original_size=_turned(opened.size, found.orientation),
        metadata=found.metadata,
        notices=(*_remarks(opened), *found.notices, *converted, *reduced),
    )


def _bytes_of(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        length = source.stat().st_size
        if length > MAX_BYTES:
            msg = f"{source.name} has {length} bytes; up to {MAX_BYTES} are read."
            raise PhotoTooLarge(msg)
        return source.read_bytes()
    except OSError as error:
        msg = f"{source} cannot be read: {error.strerror}. Check the path and the permissions."
        raise PhotoUnreadable(msg) from error


def _check_header(opened: Opened) -> None:
    """Refuse by the header alone what no photograph is, before memory is taken for it."""
    width, height = opened.size
    what = f"The {opened.format} file states {width} x {height} pixels"
    if width * height > DECODE_LIMIT:
        msg = f"{what}; up to {DECODE_LIMIT / 1e6:.0f} million are decoded. Reduce it first."
        raise PhotoTooLarge(msg)
    if min(width, height) < MIN_SIDE:
        msg = f"{what}; at least {MIN_SIDE} a side are needed."
        raise PhotoUnreadable(msg)
    if max(width, height) > MAX_ASPECT * min(width, height):
        msg = f"{what}; a photograph's long side is at most {MAX_ASPECT} times the short one. Cut it first."
        raise PhotoUnreadable(msg)


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size


def _reduction(original: tuple[int, int], size: tuple[int, int], strict: bool) -> tuple[Notice, ...]:
    """Say that a picture is reduced, or refuse to."""
    if original == size:
        return ()
    (w0, h0), (w1, h1) = original, size
    if strict:
        msg = (
            f"The photo has {w0} x {h0} = {w0 * h0} pixels, over the cap, under which it would be {w1} x {h1}. "
            "Raise max_pixels, or leave strict off to have it reduced."
        )
        raise PhotoTooLarge(msg)
    return (Notice("reduced", f"The photo was reduced from {w0} x {h0} to {w1} x {h1} pixels, as the cap demands."),)


def _remarks(opened: Opened) -> tuple[Notice, ...]:
    remarks = [Notice("not-used", remark) for remark in opened.remarks]
    if opened.several:
        remarks.append(Notice("first-frame", f"The {opened.format} file holds several pictures; the first was taken."))
    return tuple(remarks)


def encode_photo(
    pixels: F32,
    photo: Photo,
    output: Output,
    *,
    software: str = "Restoration Studio",
    history: str = "",
    guesses: Sequence[str] = (),
) -> Encoded:
    """Encode a restored picture with all that its photograph carried.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB, sRGB-encoded, [0, 1]; of any size.
    photo : Photo
        Where alpha, depth and metadata come from; alpha is resized beside the colours.
    output : Output
    software, history : str
        Where `history` tells what was done, it goes into the XMP packet and PNG's texts, signed by `software`.
    guesses : sequence of str
        What in the picture is a machine's guess; the XMP packet says so, and `output` may ask for a visible mark.

    Returns
    -------
    Encoded
        The file, and a notice for everything that it could not hold.

    Raises
    ------
    PhotoUnwritable
        Where the format cannot hold the picture, or a value is not finite.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        msg = f"A picture of shape (H, W, 3) was expected, not {pixels.shape}."
        raise PhotoUnwritable(msg)
    size = (pixels.shape[1], pixels.shape[0])
    metadata, notices = retold(
        photo.metadata, size, output.metadata, software=software, history=history, guessed=bool(guesses)
    )
    if output.mark and guesses:
        pixels = with_mark(pixels)
    canvas, limits = encode.lay_out(pixels, photo.alpha, photo.depth, output.format)
    data, losses = encode.written(canvas, metadata, output.format, output.quality)
    return Encoded(data, (*notices, *limits, *losses))


def restored_name(photo_name: str, output: Output) -> str:
    """Return the name of a restored photograph's file.

    Parameters
    ----------
    photo_name : str
        A photo's `name`: a stem.
    output : Output

    Examples
    --------
    >>> restored_name("фото", Output())
    'фото_restored.png'
    """
    return f"{photo_name}_restored{output.suffix}"
