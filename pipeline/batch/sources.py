"""Pair photographs with the files that their results go to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.errors import OptionError, PhotoError
from pipeline.photo import Output, count_pages

ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".tif": "tiff", ".tiff": "tiff"}
"""Format of an output by the ending of its name."""

_LETTERS = re.compile(r"\.[a-zA-Z][a-zA-Z0-9]{1,4}")
"""What ends the name of a picture, such as ``.heic``; in ``scan.0001`` the number is part of the name."""

Page = int | Literal["all"] | None
"""Which page of files that have several; None is the photograph's own choice."""


@dataclass(frozen=True)
class Pair:
    """A photograph, and the file that its result goes to."""

    source: Path
    target: Path
    page: int | None = None
    """Which page of the file, from 1; the photograph's own choice by default."""


def pairs(
    sources: Iterable[Path], target: Path, output: Output, page: int | Literal["all"] | None = None
) -> list[Pair]:
    """Return every photograph with the file that its result goes to.

    A folder stands for all files in it, whatever their names end in, except hidden files and a target inside it; its
    structure is kept. If there is one source and the target ends like a picture, the target is a file; otherwise it is
    a folder.

    Parameters
    ----------
    sources : iterable of Path
        Photographs, and folders of them.
    target : Path
        A file or a folder.
    output : Output
        Gives results their ending.
    page : int or "all", optional
        Which page of files that have several, from 1; ``"all"`` makes a result of each.

    Raises
    ------
    PhotoError
        If a source does not exist, or a folder is empty.
    """
    listed = list(sources)
    if len(listed) == 1 and listed[0].is_file() and target.suffix and not target.is_dir():
        return _pages([Pair(listed[0], target)], page)
    found = [pair for source in listed for pair in _files(source, target)]
    names = _distinct([relative for _, relative in found], output.suffix)
    return _pages([Pair(path, target / name) for (path, _), name in zip(found, names, strict=True)], page)


def _pages(work: list[Pair], page: Page) -> list[Pair]:
    """Return the pairs with the page that was asked for; a file of several with one result a page, if all were."""
    if page != "all":
        return [replace(pair, page=page) for pair in work]
    return [each for pair in work for each in _every_page(pair)]


def _every_page(pair: Pair) -> list[Pair]:
    with suppress(PhotoError):  # restoring it reports why it cannot be read
        count = count_pages(pair.source)
        if count > 1:
            names = [pair.target.with_stem(f"{pair.target.stem}_page{number}") for number in range(1, count + 1)]
            return [Pair(pair.source, name, number) for number, name in enumerate(names, 1)]
    return [pair]


def check(work: Iterable[Pair]) -> None:
    """Refuse to replace a photograph of the run, or one result by another.

    Raises
    ------
    OptionError
        Before anything is written.
    """
    listed = list(work)
    sources = {pair.source.resolve() for pair in listed}
    for pair in listed:
        if pair.target.resolve() in sources:
            msg = (
                f"Expected results apart from the photographs, but {pair.target} is one of them. Choose another output."
            )
            raise OptionError(msg)
    for target, count in Counter(pair.target.resolve() for pair in listed).items():
        if count > 1:
            msg = f"Expected one result a file, but {count} would go to {target}. Choose other names."
            raise OptionError(msg)


def _distinct(paths: list[Path], suffix: str) -> list[Path]:
    """Return the names of results: those that would be equal keep their ending, and then get numbers."""
    short = [path.with_name(_stem(path) + suffix) for path in paths]
    count = Counter(_folded(path) for path in short)
    names = [
        path.with_name(f"{_stem(path)}_{path.suffix[1:]}{suffix}") if count[_folded(name)] > 1 else name
        for path, name in zip(paths, short, strict=True)
    ]
    taken: set[str] = set()
    return [_free(name, taken) for name in names]


def _free(name: Path, taken: set[str]) -> Path:
    number, free = 1, name
    while _folded(free) in taken:
        number += 1
        free = name.with_stem(f"{name.stem}_{number}")
    taken.add(_folded(free))
    return free


def _folded(path: Path) -> str:
    """Return a name as systems see it that do not tell capitals apart."""
    return str(path).casefold()


def _stem(path: Path) -> str:
    return path.stem if _LETTERS.fullmatch(path.suffix) else path.name


def _files(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of a source, with its path relative to the source, except results inside the source."""
    if source.is_file():
        yield source, Path(source.name)
        return
    if not source.is_dir():
        msg = f"{source} does not exist; name a photograph or a folder of photographs."
        raise PhotoError(msg)
    found = sorted(p for p in source.rglob("*") if p.is_file() and not _hidden(p.relative_to(source)))
    if source.resolve() in target.resolve().parents:
        found = [path for path in found if target.resolve() not in path.resolve().parents]
    if not found:
        msg = f"{source} holds no files."
        raise PhotoError(msg)
    yield from ((path, path.relative_to(source)) for path in found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
