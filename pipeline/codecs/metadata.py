"""What a photograph carries beside its pixels, and how it is told again with the restored one."""

import math
from dataclasses import dataclass
from functools import partial

from pipeline.codecs import exif as exif_block
from pipeline.codecs import xmp as xmp_packet
from pipeline.codecs.raster import Opened
from pipeline.notices import Notice


@dataclass(frozen=True)
class Metadata:
    """What must survive the trip; true of the upright pixels."""

    exif: bytes | None = None
    """An EXIF block without prefix: Orientation 1, no thumbnail."""

    xmp: bytes | None = None
    """An XMP packet as the file had it; corrected when written."""

    iptc: bytes | None = None
    """An IPTC record (captions of press photographs), which only JPEG and TIFF can hold."""

    dpi: tuple[float, float] | None = None
    """Dots per inch, horizontal and vertical, upright."""

    texts: tuple[tuple[str, str], ...] = ()
    """Keywords and texts for PNG alone, such as ``("Comment", "denoise (strength 1.0)")``."""


@dataclass(frozen=True)
class Found:
    """The metadata of an opened file and what its EXIF block says of the pixels."""

    metadata: Metadata
    orientation: int = 1
    adobe_rgb: bool = False
    notices: tuple[Notice, ...] = ()


def find(opened: Opened) -> Found:
    """Sort out what a file says beside its pixels; a damaged EXIF block is left behind with a notice."""
    block: exif_block.Exif | None = None
    notices: tuple[Notice, ...] = ()
    if opened.exif:
        try:
            block = exif_block.parse(opened.exif)
        except ValueError as error:
            notices = (dropped("EXIF data", f"{error}; the picture is taken for upright"),)
    turn = block.orientation if block else 1
    dpi = _sane(opened.dpi) or _sane(block.dpi if block else None)
    if dpi and turn >= 5:
        dpi = (dpi[1], dpi[0])
    metadata = Metadata(block.block if block else None, opened.xmp, opened.iptc, dpi)
    return Found(metadata, turn, bool(block and block.adobe_rgb), notices)


def _sane(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    return dpi if dpi and all(math.isfinite(d) and 1 <= d <= 100_000 for d in dpi) else None


def retold(
    metadata: Metadata, size: tuple[int, int], policy: str, *, software: str, history: str, guessed: bool = False
) -> tuple[Metadata, tuple[Notice, ...]]:
    """Make metadata true of a picture of another size, and forget what is to be forgotten.

    Parameters
    ----------
    metadata : Metadata
        Of the photograph.
    size : tuple of int
        Width and height of the picture to write.
    policy : {'keep', 'no-gps', 'strip'}
        ``'strip'`` leaves dots per inch alone, which say nothing about anybody.
    software, history : str
        Provenance for the XMP packet and PNG's texts, where `history` is not empty.
    guessed : bool
        Whether a model made up part of the picture.

    Returns
    -------
    metadata : Metadata
    notices : tuple of Notice
        One for each part that could not be corrected, and was therefore dropped.
    """
    if policy == "strip":
        return Metadata(dpi=metadata.dpi), ()
    exif, xmp, notices = metadata.exif, metadata.xmp, []
    keep_gps = policy == "keep"
    tell = partial(
        xmp_packet.rewrite, size=size, keep_gps=keep_gps, software=software, history=history, guessed=guessed
    )
    try:
        exif = exif_block.with_size(exif, size) if exif else None
        exif = exif if keep_gps or not exif else exif_block.without_gps(exif)
    except ValueError as error:
        exif = None
        notices.append(dropped("EXIF data", str(error)))
    try:
        xmp = tell(xmp)
    except ValueError as error:
        notices.append(dropped("XMP data", str(error)))
        xmp = tell(None)
    texts = (("Software", software), ("Comment", history)) if history else ()
    return Metadata(exif, xmp, metadata.iptc, metadata.dpi, texts), tuple(notices)


def dropped(what: str, why: str) -> Notice:
    """Return the notice for a part of the metadata that was not kept."""
    return Notice("metadata-dropped", f"The photograph's {what} could not be kept: {why}.")
