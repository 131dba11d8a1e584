"""Read and write photographs: the public interface to file formats.

The rest of the pipeline works on float32 RGB in sRGB. Depth, alpha, colour profile, orientation and metadata are
handled here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.arrays import Image, Plane
from pipeline.codecs import colour, decode, encode, geometry
from pipeline.codecs.limits import DECODE_LIMIT, MAX_ASPECT, MIN_SIDE, check_header
from pipeline.codecs.mark import with_mark
from pipeline.codecs.metadata import Metadata, find, updated
from pipeline.codecs.names import safe_stem
from pipeline.codecs.raster import SPACES, Opened
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
    "count_pages",
    "encode_photo",
    "read_photo",
    "restored_name",
    "safe_stem",
]


MAX_PIXELS = 2_000_000
"""The cap in pixels; larger photographs are reduced to it."""

MAX_BYTES = 1 << 30
"""Largest file in bytes."""

LEAST_CAP = MAX_ASPECT * MIN_SIDE**2
"""Lowest cap in pixels; below it, the short side of a narrow photograph could be under `MIN_SIDE`."""


@dataclass(frozen=True)
class Photo:
    """A decoded photograph with the metadata of its file."""

    pixels: Image
    """Shape (H, W, 3), RGB, sRGB-encoded, [0, 1], upright."""

    alpha: Plane | None
    """Shape (H, W), straight, [0, 1]."""

    depth: int
    """Bits a channel in the file, 8 or 16, by dtype."""

    name: str
    """A file stem that is valid on every system."""

    format: str
    """Format of the file, such as ``"JPEG"`` or ``"WebP"``."""

    original_size: tuple[int, int]
    """Width and height, upright, before reduction to the cap."""

    metadata: Metadata
    notices: tuple[Notice, ...]
    pages: int = 1
    """Number of pages of the file that `read_photo` can be asked for; more than 1 only for TIFF."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `pixels`."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True)
class Output:
    """Options for writing a picture."""

    format: str = choice("png", ("png", "jpeg", "webp", "tiff"), help="the file format, where OUT does not end in one")
    quality: int = number(92, low=1, high=100, step=1, help="JPEG/WebP quality; higher is better and larger")
    metadata: str = choice(
        "keep",
        ("keep", "no-gps", "strip"),
        help="EXIF, XMP, IPTC and texts: keep them, without GPS and named places, or not at all",
    )
    mark: bool = switch(False, help="draw a small mark in a corner if a model generated parts of the picture")

    def __post_init__(self) -> None:
        check(self)

    @property
    def suffix(self) -> str:
        """The extension of file names, such as ``".jpg"``."""
        return ".jpg" if self.format == "jpeg" else f".{self.format}"


@dataclass(frozen=True)
class Encoded:
    """The bytes of a file, and notices about what its format cannot hold."""

    data: bytes
    notices: tuple[Notice, ...]


def read_photo(
    source: bytes | Path,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    strict: bool = False,
    page: int | None = None,
) -> Photo:
    """Return a decoded photograph; its format is recognised by the content.

    Parameters
    ----------
    source : bytes or Path
        A file, or its content.
    name : str, optional
        Name of the file, used for the name of the output; that of `source` by default.
    max_pixels : int
        Larger photographs are reduced to this by area averaging, with a notice.
    strict : bool
        Refuse larger photographs instead of reducing them.
    page : int, optional
        Which page of a TIFF file, from 1 to `Photo.pages`; by default the first one that is not a small preview.

    Returns
    -------
    Photo

    Raises
    ------
    PhotoUnreadable
        If the file is missing, not a picture or damaged, if the picture is too small or too narrow, or if there is no
        such page.
    PhotoTooLarge
        If it is over `DECODE_LIMIT` or `MAX_BYTES`, over `max_pixels` with `strict`, or does not fit into memory.
    OptionError
        If `max_pixels` is below `LEAST_CAP`, or `page` below 1.
    """
    if max_pixels < LEAST_CAP:
        msg = f"max_pixels must be at least {LEAST_CAP}, not {max_pixels}."
        raise OptionError(msg)
    if page is not None and page < 1:
        msg = f"page must be at least 1, not {page}."
        raise OptionError(msg)
    opened = decode.open_image(_bytes_of(source), page)
    with decode.guarded(opened.format):
        return _decoded(opened, name if name is not None else _name(source), max_pixels, strict)


def _name(source: bytes | Path) -> str:
    return source.name if isinstance(source, Path) else ""


def _decoded(opened: Opened, name: str, max_pixels: int, strict: bool) -> Photo:
    """Return the photograph of an opened file."""
    check_header(opened)
    found = find(opened)
    size = geometry.fit(opened.size, max_pixels)
    reduced = _reduction(_turned(opened.size, found.orientation), _turned(size, found.orientation), strict)
    samples, alpha, depth = geometry.shrink(opened.load(), opened.size, size)
    space = SPACES[samples.shape[2]]
    icc = opened.icc or (colour.adobe_rgb_profile() if found.adobe_rgb and space == "RGB" else None)
    pixels, converted = colour.to_srgb(samples, space, icc, opened.cicp)
    pixels = geometry.turn_upright(pixels, found.orientation)
    if alpha is not None:
        alpha = geometry.turn_upright(alpha, found.orientation)
        pixels = geometry.fill_hidden(pixels, alpha)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        depth=depth,
        name=safe_stem(name),
        format=opened.format,
        original_size=_turned(opened.size, found.orientation),
        metadata=found.metadata,
        notices=(*opened.notices, *found.notices, *converted, *reduced),
        pages=opened.pages,
    )


def count_pages(path: Path) -> int:
    """Return how many pages of a file `read_photo` can be asked for.

    Raises
    ------
    PhotoUnreadable, PhotoTooLarge
        As `read_photo` does, by the header alone.
    """
    return decode.open_image(_bytes_of(path)).pages


def _bytes_of(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        length = source.stat().st_size
        if length > MAX_BYTES:
            msg = f"Expected a file of at most {MAX_BYTES} bytes, got {source.name} of {length} bytes. Reduce it."
            raise PhotoTooLarge(msg)
        return source.read_bytes()
    except OSError as error:
        msg = f"{source} cannot be read: {error.strerror}. Check the path and the permissions."
        raise PhotoUnreadable(msg) from error


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size


def _reduction(original: tuple[int, int], size: tuple[int, int], strict: bool) -> tuple[Notice, ...]:
    """Say that a picture is reduced, or refuse to."""
    if original == size:
        return ()
    (w0, h0), (w1, h1) = original, size
    if strict:
        msg = (
            f"The photograph has {w0} x {h0} pixels; the cap allows {w1} x {h1}. "
            "Raise max_pixels, or omit strict to reduce it."
        )
        raise PhotoTooLarge(msg)
    return (Notice("reduced", w0=w0, h0=h0, w1=w1, h1=h1),)


def encode_photo(
    pixels: Image,
    photo: Photo,
    output: Output,
    *,
    software: str = "Restoration Studio",
    history: str = "",
    guesses: Sequence[str] = (),
) -> Encoded:
    """Return a restored picture as a file, with the metadata of its photograph.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1], sRGB-encoded, of any size.
    photo : Photo
        Source of alpha, depth and metadata; alpha is resized to the size of `pixels`.
    output : Output
    software, history : str
        Program and restoration steps, for the XMP packet and PNG text chunks; not written if `history` is empty.
    guesses : sequence of str
        Parts of the picture that a model generated, such as ``"colours"``. The XMP packet states that there are some,
        and `output` may ask for a visible mark.

    Returns
    -------
    Encoded
        The file, and a notice for everything that its format cannot hold.

    Raises
    ------
    PhotoUnwritable
        If the format cannot hold the picture, or a value is not finite.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        msg = f"Expected pixels of shape (H, W, 3), got {pixels.shape}."
        raise PhotoUnwritable(msg)
    size, form, guessed = (pixels.shape[1], pixels.shape[0]), output.format, bool(guesses)
    with encode.guarded(form):
        metadata, notices = updated(
            photo.metadata, size, output.metadata, form, software=software, history=history, guessed=guessed
        )
        if output.mark and guessed:
            pixels = with_mark(pixels)
        canvas, limits = encode.lay_out(pixels, photo.alpha, photo.depth, form)
        data, losses = encode.written(canvas, metadata, form, output.quality)
    return Encoded(data, (*notices, *limits, *losses))


def restored_name(photo_name: str, output: Output) -> str:
    """Return the file name of a restored photograph.

    Parameters
    ----------
    photo_name : str
        The `name` of the photo, a stem.
    output : Output

    Examples
    --------
    >>> restored_name("фото", Output())
    'фото_restored.png'
    """
    return f"{photo_name}_restored{output.suffix}"
