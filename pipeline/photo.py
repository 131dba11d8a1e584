"""Read and write photographs: the public interface to file formats.

The rest of the pipeline works on float32 RGB in sRGB. Depth, alpha, colour profile, orientation and metadata are
handled here.
"""

import io
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.arrays import Image
from pipeline.codecs import bounds, encode, paper, reading
from pipeline.codecs.kinds import recognise
from pipeline.codecs.limits import DECODE_LIMIT, MAX_ASPECT, MIN_SIDE
from pipeline.codecs.mark import with_mark
from pipeline.codecs.metadata import Metadata
from pipeline.codecs.names import safe_stem
from pipeline.codecs.reading import Photo
from pipeline.codecs.worker import WorkerLost, workers
from pipeline.codecs.xmp import COMPOSITE
from pipeline.errors import OptionError, PhotoTooLarge, PhotoUnreadable, PhotoUnwritable
from pipeline.notices import Notice
from pipeline.options import check, choice, number, switch

__all__ = [
    "COMPOSITE",
    "DECODE_LIMIT",
    "LEAST_CAP",
    "MAX_ASPECT",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "SOFTWARE",
    "Encoded",
    "Metadata",
    "Output",
    "Photo",
    "count_pages",
    "encode_photo",
    "format_of",
    "prepare",
    "read_photo",
    "restored_name",
    "safe_stem",
]


MAX_PIXELS = 2_000_000
"""The cap in pixels; larger photographs are reduced to it."""

MAX_BYTES = 1 << 30
"""Largest file in bytes."""

SOFTWARE = "Restoration Studio"
"""The program's name in files that it writes."""

ORIGINAL = "original"
"""Size of a print: the original's."""

_HEAD = 4096
"""Bytes by which the format of a file is known."""

LEAST_CAP = MAX_ASPECT * MIN_SIDE**2
"""Lowest cap in pixels; below it, the short side of a narrow photograph could be under `MIN_SIDE`."""


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
    paper: str = choice(
        ORIGINAL,
        (ORIGINAL, *paper.SIZES),
        help="centimetres of a print: the original's by its dots per inch, or a size of paper at 300 dpi or less",
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


def prepare() -> None:
    """Start the process that opens files, without waiting for it; else the first file does."""
    workers.warm()


def read_photo(
    source: bytes | Path,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    strict: bool = False,
    page: int | None = None,
) -> Photo:
    """Return a decoded photograph; its format is recognised by the content.

    A worker process decodes it, within bounds of memory and time (see `pipeline.codecs.bounds`), so that a fault of a
    decoder costs this file alone.

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
        If the file is missing, not a picture or damaged, if the picture is too small or too narrow, if there is no such
        page, or if the decoder crashes or exceeds its time.
    PhotoTooLarge
        If it is over `DECODE_LIMIT` or `MAX_BYTES`, over `max_pixels` with `strict`, or does not fit into memory.
    OptionError
        If `max_pixels` is below `LEAST_CAP` or above `DECODE_LIMIT`, or `page` below 1.
    """
    if not LEAST_CAP <= max_pixels <= DECODE_LIMIT:
        msg = f"max_pixels must lie between {LEAST_CAP} and {DECODE_LIMIT}, not {max_pixels}."
        raise OptionError(msg)
    if page is not None and page < 1:
        msg = f"page must be at least 1, not {page}."
        raise OptionError(msg)
    if name is None:
        name = source.name if isinstance(source, Path) else ""
    source, length = _checked(source)
    try:
        return workers.call(
            reading.read, source, name, max_pixels, strict, page, bounds=bounds.to_read(length, max_pixels)
        )
    except WorkerLost as error:
        raise _unreadable(error) from error


def count_pages(path: Path) -> int:
    """Return how many pages of a file `read_photo` can be asked for.

    Raises
    ------
    PhotoUnreadable, PhotoTooLarge
        As `read_photo` does, by the header alone.
    """
    source, length = _checked(path)
    try:
        return workers.call(reading.pages, source, bounds=bounds.to_read(length, LEAST_CAP))
    except WorkerLost as error:
        raise _unreadable(error) from error


def format_of(path: Path) -> str:
    """Return the format of a file, such as ``"JPEG"``, by its first bytes; empty where it is none that can be read."""
    try:
        with path.open("rb") if path.is_file() else io.BytesIO() as file:  # opening a pipe would wait for ever
            return recognise(file.read(_HEAD))
    except (OSError, PhotoUnreadable):
        return ""


def _checked(source: bytes | Path) -> tuple[bytes | Path, int]:
    """Return a source as another process finds it, and its length in bytes."""
    if isinstance(source, bytes):
        return source, len(source)
    try:
        found = source.stat()
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):  # opening a pipe would wait for ever
            source.open("rb").close()
    except OSError as error:
        msg = f"{source} cannot be read: {error.strerror}. Check the path and the permissions."
        raise PhotoUnreadable(msg) from error
    if not stat.S_ISREG(found.st_mode):
        msg = f"{source} cannot be read: it is no file. Choose a photograph."
        raise PhotoUnreadable(msg)
    if found.st_size > MAX_BYTES:
        msg = f"Expected a file of at most {MAX_BYTES} bytes, got {source.name} of {found.st_size} bytes. Reduce it."
        raise PhotoTooLarge(msg)
    return source.absolute(), found.st_size


def _unreadable(error: WorkerLost) -> PhotoUnreadable:
    return PhotoUnreadable(f"The file cannot be read: {error}. Open it in an image editor and save it as PNG or TIFF.")


def encode_photo(
    pixels: Image,
    photo: Photo,
    output: Output,
    *,
    software: str = SOFTWARE,
    history: str = "",
    guesses: Sequence[str] = (),
    instance: str = "",
) -> Encoded:
    """Return a restored picture as a file, with the metadata of its photograph; a worker process encodes it.

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
    instance : str
        Identifies this very file, as ``xmpMM:InstanceID``; not written if empty.

    Returns
    -------
    Encoded
        The file, and a notice for everything that its format cannot hold.

    Raises
    ------
    PhotoUnwritable
        If the format cannot hold the picture, a value is not finite, or the encoder crashes.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        msg = f"Expected pixels of shape (H, W, 3), got {pixels.shape}."
        raise PhotoUnwritable(msg)
    guessed = bool(guesses)
    dpi = photo.metadata.dpi
    if dpi:
        dpi = paper.scaled(dpi, (pixels.shape[1], pixels.shape[0]), photo.original_size)
    if output.paper != ORIGINAL:
        pixels, dots = paper.fitted(pixels, output.paper)
        dpi = dots, dots
    with encode.guarded(output.format):
        if output.mark and guessed:
            pixels = with_mark(pixels)
        canvas, limits = encode.lay_out(pixels, photo.alpha, photo.depth, output.format)
    notes = encode.Notes(replace(photo.metadata, dpi=dpi), output.metadata, software, history, guessed, instance)
    allowed = bounds.to_write(canvas.samples.nbytes)
    try:
        data, notices = workers.call(encode.write, canvas, notes, output.format, output.quality, bounds=allowed)
    except WorkerLost as error:
        msg = f"The photograph cannot be saved as {output.format.upper()}: {error}. Save it in another format."
        raise PhotoUnwritable(msg) from error
    return Encoded(data.tobytes(), (*limits, *notices))


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
