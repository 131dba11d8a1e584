"""Metadata of a photograph: read, and updated for the restored picture."""

import math
from dataclasses import dataclass
from functools import partial

from pipeline.codecs import exif as exif_block
from pipeline.codecs import xmp as xmp_packet
from pipeline.codecs.raster import Opened
from pipeline.notices import Notice


@dataclass(frozen=True)
class Metadata:
    """The metadata that is kept, valid for upright pixels."""

    exif: bytes | None = None
    """An EXIF block without prefix, with Orientation 1 and no thumbnail."""

    xmp: bytes | None = None
    """The XMP packet as in the file; it is updated when written."""

    iptc: bytes | None = None
    """An IPTC record (captions of press photographs); only JPEG and TIFF can hold it."""

    dpi: tuple[float, float] | None = None
    """Dots per inch, horizontal and vertical, of the upright picture."""

    texts: tuple[tuple[str, str], ...] = ()
    """Keywords and texts of PNG text chunks, such as ``("Comment", "denoise (strength 1.0)")``."""


@dataclass(frozen=True)
class Found:
    """The metadata of a file, and what its EXIF block states about the pixels."""

    metadata: Metadata
    orientation: int = 1
    adobe_rgb: bool = False
    notices: tuple[Notice, ...] = ()


def find(opened: Opened) -> Found:
    """Return the metadata of a file; a damaged EXIF block is dropped with a notice."""
    block: exif_block.Exif | None = None
    notices: tuple[Notice, ...] = ()
    if opened.exif:
        try:
            block = exif_block.parse(opened.exif)
        except ValueError as error:
            notices = (Notice("exif-damaged", reason=str(error)),)
    if block and block.block is None:
        notices = (dropped("EXIF", "its values overlap"),)
    turn = block.orientation if block else 1
    dpi = _sane(opened.dpi) or _sane(block.dpi if block else None)
    if dpi and turn >= 5:
        dpi = (dpi[1], dpi[0])
    metadata = Metadata(block.block if block else None, opened.xmp, opened.iptc, dpi)
    return Found(metadata, turn, bool(block and block.adobe_rgb), notices)


def _sane(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    return dpi if dpi and all(math.isfinite(d) and 1 <= d <= 100_000 for d in dpi) else None


def updated(
    metadata: Metadata, size: tuple[int, int], policy: str, *, software: str, history: str, guessed: bool = False
) -> tuple[Metadata, tuple[Notice, ...]]:
    """Return metadata updated for the restored picture, and notices about the parts that were dropped.

    Parameters
    ----------
    metadata : Metadata
        Metadata of the photograph.
    size : tuple of int
        Width and height of the restored picture.
    policy : {'keep', 'no-gps', 'strip'}
        Whether to keep everything, remove the location, or remove all but dots per inch.
    software, history : str
        Program and restoration steps, for the XMP packet and PNG text chunks; not written if `history` is empty.
    guessed : bool
        Whether a model generated part of the picture.

    Returns
    -------
    metadata : Metadata
    notices : tuple of Notice
        One for each part that could not be updated.
    """
    if policy == "strip":
        return Metadata(dpi=metadata.dpi), ()
    exif, xmp, notices = metadata.exif, metadata.xmp, []
    keep_gps = policy == "keep"
    rewrite = partial(
        xmp_packet.rewrite, size=size, keep_gps=keep_gps, software=software, history=history, guessed=guessed
    )
    try:
        exif = exif_block.with_size(exif, size) if exif else None
        exif = exif if keep_gps or not exif else exif_block.without_gps(exif)
    except ValueError as error:
        exif = None
        notices.append(dropped("EXIF", str(error)))
    try:
        xmp = rewrite(xmp)
    except ValueError as error:
        notices.append(dropped("XMP", str(error)))
        xmp = rewrite(None)
    texts = (("Software", software), ("Comment", history)) if history else ()
    return Metadata(exif, xmp, metadata.iptc, metadata.dpi, texts), tuple(notices)


def dropped(part: str, reason: str) -> Notice:
    """Return the notice for a part of the metadata that was not kept."""
    return Notice("metadata-dropped", part=part, reason=reason)
