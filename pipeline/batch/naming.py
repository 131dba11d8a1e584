"""Name the results of photographs: each its own, short enough for the disk, with the ending of its format."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".tif": "tiff", ".tiff": "tiff"}
"""Format of an output by the ending of its name."""

_NAMES = (
    "jpg jpeg jpe jfif png webp gif tif tiff bmp dib avif heic heif hif psd psb jxl jp2 j2k jpx jxr tga pcx ppm pgm "
    "pbm pnm exr hdr 3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf "
    "srw x3f"
)
PICTURES = frozenset(f".{name}" for name in _NAMES.split())
"""What the names of pictures end in, also of those that cannot be read."""

MASKS = (*ENDINGS, ".bmp", ".gif")
"""What the names of masks in a folder end in."""

LONGEST = 255
"""Bytes of a name that file systems take."""


@dataclass(frozen=True)
class Wish:
    """What a result would be called if it were the only one."""

    relative: Path
    """The photograph, relative to the folder that was named."""

    suffix: str
    """The ending of the result."""

    page: int | None = None
    """Which page of the file the result is of, where each has one."""

    kept: Path | None = None
    """What the result is called since an earlier run, relative to the folder of results."""


def stem(path: Path) -> str:
    """Return a file's name without its ending; ``.0001`` and ``.Smith`` are parts of a name.

    Examples
    --------
    >>> stem(Path("a.heic")), stem(Path("scan.0001"))
    ('a', 'scan.0001')
    """
    return path.stem if path.suffix.lower() in PICTURES else path.name


def distinct(wishes: Iterable[Wish]) -> list[Path]:
    """Return the names of results, relative to their folder.

    Those that would be equal keep the ending of their photograph, and then get numbers; too long ones are cut.
    """
    listed = list(wishes)
    count = Counter(_folded(_named(wish, "")) for wish in listed if wish.kept is None)
    taken = {_folded(wish.kept) for wish in listed if wish.kept is not None}
    return [wish.kept or _free(wish, count[_folded(_named(wish, ""))] > 1, taken) for wish in listed]


def mask_of(relative: Path, target: Path, masks: Path) -> Path | None:
    """Return the mask of a photograph: a file itself, or the one in a folder that is named like the photograph.

    Parameters
    ----------
    relative : Path
        The photograph, relative to the folder that was named; masks are in the same folders.
    target : Path
        Its result, whose name a mask may have too, such as that of a page.
    masks : Path
        A file, or a folder of files that are named like photographs, with or without ``_mask``.

    Returns
    -------
    Path or None
        None if the folder has none of that name.
    """
    if not masks.is_dir():
        return masks
    stems = [f"{name}{end}" for name in (target.stem, stem(relative)) for end in ("", "_mask")]
    names = [relative.name, *(f"{name}{ending}" for name in stems for ending in MASKS)]
    return next((path for name in names if (path := masks / relative.parent / name).is_file()), None)


def _free(wish: Wish, keeps_ending: bool, taken: set[str]) -> Path:
    """Return a name that is not taken yet, and take it."""
    ending = wish.relative.suffix[1:]
    told = f"_{ending}" if keeps_ending and ending and stem(wish.relative) != wish.relative.name else ""
    number, free = 1, _named(wish, told)
    while _folded(free) in taken:
        number += 1
        free = _named(wish, f"{told}_{number}")
    taken.add(_folded(free))
    return free


def _named(wish: Wish, addition: str) -> Path:
    """Return the name of a result; what is too long is cut off before the addition."""
    tail = f"{addition}{'' if wish.page is None else f'_page{wish.page}'}{wish.suffix}"
    room = LONGEST - len(os.fsencode(tail))
    return wish.relative.with_name(_cut(stem(wish.relative), room) + tail)


def _cut(text: str, room: int) -> str:
    """Return the first characters of a text that fit into a number of bytes."""
    while len(os.fsencode(text)) > room:
        text = text[:-1]
    return text


def _folded(path: Path) -> str:
    """Return a name as systems see it that do not tell capitals apart."""
    return str(path).casefold()
