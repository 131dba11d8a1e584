"""Split scans of several prints into single photographs, each scan alone, so that a broken file harms no other."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.files import atomic
from pipeline import scans
from pipeline.batch.faults import reason
from pipeline.batch.naming import LONGEST
from pipeline.batch.report import Outcome
from pipeline.batch.sources import OWN, Pair
from pipeline.errors import PhotoUnwritable
from pipeline.notices import Notice
from pipeline.photo import DECODE_LIMIT, Output, Photo, encode_photo, read_photo
from pipeline.scans import Outline


@dataclass(frozen=True)
class Print:
    """A photograph that was cut out of a scan."""

    target: str
    corners: tuple[tuple[float, float], ...]
    """On the scan, clockwise from the print's top left; (0, 0) is the corner of the first pixel."""

    angle: float
    """How far it was turned, in degrees clockwise."""

    size: tuple[int, int]
    """Width and height."""


@dataclass
class SplitReport(Outcome):
    """What became of one scan; the status is ``"nothing"`` where nothing was split and no file written."""

    source: str
    prints: list[Print] = field(default_factory=list)


@dataclass(frozen=True)
class SplitSettings:
    """How the photographs of every scan are written."""

    output: Output
    overwrite: bool = False
    same_format: bool = False
    """Whether each is of its scan's own format, where that can be written, instead of `output.format`."""


def split_all(work: list[Pair], settings: SplitSettings) -> Iterator[SplitReport]:
    """Split scan after scan, and yield a report of each; a failure is in the report, and nothing is raised.

    Parameters
    ----------
    work : list of Pair
        Each target gives the names of a scan's photographs: ``page.png`` those of ``page_1.png``, ``page_2.png``.
    settings : SplitSettings
    """
    given = {os.path.realpath(pair.source) for pair in work}
    for pair in work:
        report = SplitReport(str(pair.source))
        try:
            _split(pair, settings, given, report)
        except Exception as error:  # noqa: BLE001 - a broken file harms no other; its report has the reason
            report.error, report.kind = reason(error), type(error).__name__
        yield report


def single(photo: Photo, outline: Outline, number: int) -> Photo:
    """Return one print of a scan as a photograph of its own, with the scan's metadata and depth.

    Parameters
    ----------
    photo : Photo
        The scan.
    outline : Outline
        In its pixels.
    number : int
        Of the print, from 1; it ends the name.
    """
    return replace(
        photo,
        pixels=scans.cut(photo.pixels, outline),
        alpha=None if photo.alpha is None else scans.cut(photo.alpha, outline),
        infrared=None,
        name=f"{photo.name}_{number}",
        original_size=outline.size,
    )


def _split(pair: Pair, settings: SplitSettings, given: set[str], report: SplitReport) -> None:
    """Split one scan and fill in its report; all names are checked before anything is written."""
    photo = read_photo(pair.source, max_pixels=DECODE_LIMIT, page=pair.page)
    report.notices = list(photo.notices)
    outlines = scans.find(photo.pixels)
    if not outlines:
        report.status = "nothing"
        report.notices.append(Notice("nothing-to-split"))
        return
    output = replace(settings.output, format=OWN.get(photo.format, "png")) if settings.same_format else settings.output
    targets = [_numbered(pair.target, number) for number in range(1, len(outlines) + 1)]
    _check(targets, given, overwrite=settings.overwrite)
    date = pair.source.stat().st_mtime_ns  # often the only date of a scan
    for number, (outline, target) in enumerate(zip(outlines, targets, strict=True), 1):
        print_ = single(photo, outline, number)
        encoded = encode_photo(print_.pixels, print_, output)
        atomic.write(target, encoded.data)
        os.utime(target, ns=(date, date))
        report.prints.append(Print(str(target), outline.corners, round(outline.angle, 3), print_.size))
        report.notices += [notice for notice in encoded.notices if notice not in report.notices]
    report.status = "done"


def _numbered(target: Path, number: int) -> Path:
    """Return a name with a number before its ending; what is too long is cut off before the number."""
    tail, name = f"_{number}{target.suffix}", target.stem
    while len(os.fsencode(name + tail)) > LONGEST:
        name = name[:-1]
    return target.with_name(name + tail)


def _check(targets: list[Path], given: set[str], *, overwrite: bool) -> None:
    """Refuse to replace a scan of the run, or a file that exists unless told to.

    Raises
    ------
    PhotoUnwritable
        Before anything is written.
    """
    for target in targets:
        if os.path.realpath(target) in given:
            msg = f"Expected photographs apart from the scans, but {target} is one of them. Choose another folder."
            raise PhotoUnwritable(msg)
        if target.exists() and not overwrite:
            msg = f"{target} exists; choose another folder or add --overwrite."
            raise PhotoUnwritable(msg)
