"""Metadata of a photograph: read, and updated for the restored picture."""

import math
from dataclasses import dataclass
from functools import partial

from pipeline.codecs import exif as exif_block
from pipeline.codecs import iptc as iptc_record
from pipeline.codecs import texts as text_records
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
    """Keywords and texts by the keywords of PNG, such as ``("Comment", "denoise (strength 1.0)")``."""


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
    metadata = Metadata(block.block if block else None, opened.xmp, opened.iptc, dpi, opened.texts)
    return Found(metadata, turn, bool(block and block.adobe_rgb), notices)


def _sane(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    return dpi if dpi and all(math.isfinite(d) and 1 <= d <= 100_000 for d in dpi) else None


def updated(  # noqa: PLR0913 - each is an independent statement of the file
    metadata: Metadata,
    size: tuple[int, int],
    policy: str,
    form: str,
    *,
    software: str,
    history: str,
    guessed: bool = False,
    instance: str = "",
) -> tuple[Metadata, tuple[Notice, ...]]:
    """Return metadata updated for the restored picture, and notices about the parts that were dropped.

    Parameters
    ----------
    metadata : Metadata
        Metadata of the photograph.
    size : tuple of int
        Width and height of the restored picture.
    policy : {'keep', 'no-gps', 'strip'}
        Whether to keep everything, remove the location and named places, or remove all but dots per inch.
    form : {'png', 'jpeg', 'webp', 'tiff'}
        The format to be written; each has its own place for texts.
    software, history : str
        Program and restoration steps, for the XMP packet and PNG text chunks; not written if `history` is empty.
    guessed : bool
        Whether a model generated part of the picture.
    instance : str
        Identifies the file in its XMP packet; not written if empty.

    Returns
    -------
    metadata : Metadata
    notices : tuple of Notice
        One for each part that could not be updated.
    """
    if policy == "strip":
        return Metadata(dpi=metadata.dpi), ()
    keep_gps = policy == "keep"
    exif, exif_notices = _updated_exif(metadata, size, keep_gps)
    iptc, iptc_notices = _updated_iptc(metadata.iptc, keep_gps)
    kept = metadata.texts if keep_gps else text_records.without_places(metadata.texts)
    placed = text_records.place(kept, form, software, history)
    rewrite = partial(
        xmp_packet.rewrite,
        size=size,
        keep_gps=keep_gps,
        software=software,
        history=history,
        guessed=guessed,
        texts=placed.properties,
        instance=instance,
    )
    xmp_notices: tuple[Notice, ...] = ()
    try:
        written = rewrite(metadata.xmp)
    except ValueError as error:
        xmp_notices = (dropped("XMP", str(error)),)
        written = rewrite(None)
    if written.removed:
        xmp_notices = (Notice("statements-removed", names=", ".join(written.removed)),)
    changed = Metadata(exif, written.packet, iptc, metadata.dpi, placed.texts)
    return changed, (*exif_notices, *iptc_notices, *xmp_notices, *placed.notices)


def _updated_exif(metadata: Metadata, size: tuple[int, int], keep_gps: bool) -> tuple[bytes | None, tuple[Notice, ...]]:
    if metadata.exif is None:
        return None, ()
    try:
        resized = exif_block.with_size(metadata.exif, size)
        if metadata.dpi:
            resized = exif_block.with_resolution(resized, metadata.dpi)
        return resized if keep_gps else exif_block.without_gps(resized), ()
    except ValueError as error:
        return None, (dropped("EXIF", str(error)),)


def _updated_iptc(record: bytes | None, keep_gps: bool) -> tuple[bytes | None, tuple[Notice, ...]]:
    if record is None or keep_gps:
        return record, ()
    try:
        return iptc_record.without_places(record), ()
    except ValueError as error:
        return None, (dropped("IPTC", str(error)),)


def dropped(part: str, reason: str) -> Notice:
    """Return the notice for a part of the metadata that was not kept."""
    return Notice("metadata-dropped", part=part, reason=reason)
