"""Find the photographs of a run, and pair them with the files that their results go to."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.batch.buckets import Object, at_hand
from pipeline.batch.naming import ENDINGS, PICTURES, Wish, distinct
from pipeline.errors import OptionError, PhotoError
from pipeline.photo import Output, count_pages, format_of

OWN = {"PNG": "png", "JPEG": "jpeg", "WebP": "webp", "TIFF": "tiff"}
"""Format of an output by that of its photograph, where both are the same."""

Page = int | Literal["all"] | None
"""Which page of files that have several; None is the photograph's own choice."""


@dataclass(frozen=True)
class Pair:
    """A photograph, and the file that its result goes to."""

    source: Path
    target: Path
    page: int | None = None
    """Which page of the file, from 1; the photograph's own choice by default."""

    relative: Path = Path()
    """The photograph, relative to the folder that was named."""


@dataclass(frozen=True)
class Work:
    """What there is to do."""

    pairs: list[Pair]
    passed_over: int = 0
    """Number of files in folders that are no pictures."""


def find_work(
    sources: Iterable[Path],
    target: Path,
    output: Output,
    page: Page = None,
    *,
    same_format: bool = False,
    kept: Callable[[Path, int | None, str], Path | None] = lambda source, page, suffix: None,
) -> Work:
    """Return every photograph with the file that its result goes to.

    A folder stands for all pictures in it, by their endings or by their content, except hidden files; its structure is
    kept, and nothing is written into it. If there is one source and the target ends like a picture, the target is a
    file; otherwise it is a folder.

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
    same_format : bool
        Give each result the ending of its photograph's own format instead, where that can be written.
    kept : callable
        Takes a photograph, a page, and the ending of results; returns the path that its result has since an earlier
        run, or None.

    Raises
    ------
    PhotoError
        If a source does not exist, or a folder holds no pictures.
    OptionError
        If results would go into a folder of photographs.
    """
    listed = list(sources)
    found, passed_over = _all_files(listed)
    is_file = len(listed) == 1 and listed[0].is_file() and target.suffix.lower() in ENDINGS and not target.is_dir()
    entries = [(path, relative, number) for path, relative in found for number in _pages(path, page)]
    counts = Counter(path for path, _, _ in entries)
    folder = target.parent if is_file else target
    wishes = []
    for path, relative, number in entries:
        suffix = target.suffix if is_file else own_suffix(path) if same_format else output.suffix
        name = kept(path, number, suffix)
        wish = Wish(Path(target.name) if is_file else relative, suffix, number if counts[path] > 1 else None)
        wishes.append(replace(wish, kept=name) if name else wish)
    made = zip(entries, distinct(wishes), strict=True)
    pairs = [Pair(path, folder / name, number, relative) for (path, relative, number), name in made]
    _refuse_inside(pairs, folder, [source for source in listed if source.is_dir()])
    return Work(pairs, passed_over)


def own_suffix(path: Path) -> str:
    """Return the ending of a result in the format of its photograph, as the photograph's name has it; else of PNG."""
    form = OWN.get(format_of(path), "png")
    return path.suffix if ENDINGS.get(path.suffix.lower()) == form else Output(form).suffix


def _pages(path: Path, page: Page) -> Iterable[int | None]:
    """Return the pages of a file to restore; None is the photograph's own choice."""
    if page != "all":
        return [page]
    with suppress(PhotoError), at_hand(path) as file:  # restoring it reports why it cannot be read
        count = count_pages(file)
        if count > 1:
            return range(1, count + 1)
    return [None]


def check(work: Iterable[Pair], masks: Iterable[Path] = ()) -> None:
    """Refuse to replace a photograph or a mask of the run, or one result by another.

    Raises
    ------
    OptionError
        Before anything is written.
    """
    listed = list(work)
    given = {_real(path) for path in (*(pair.source for pair in listed), *masks)}
    for pair in listed:
        if _real(pair.target) in given:
            msg = (
                f"Expected results apart from the photographs, but {pair.target} is one of them, or a mask. "
                "Choose another output."
            )
            raise OptionError(msg)
    for target, count in Counter(_real(pair.target) for pair in listed).items():
        if count > 1:
            msg = f"Expected one result a file, but {count} would go to {target}. Choose other names."
            raise OptionError(msg)


def _refuse_inside(pairs: list[Pair], folder: Path, sources: list[Path]) -> None:
    """Refuse results inside a folder of photographs."""
    real = _real(folder)
    for source in map(_real, sources):
        above = real in source.parents  # names of results may lead down into it
        is_inside = above and any(source in (real / pair.target.relative_to(folder)).parents for pair in pairs)
        if is_inside or source in (real, *real.parents):
            msg = (
                f"Expected an output outside the folder of photographs, which is never written to, but {folder} leads "
                f"into {source}. Choose another output."
            )
            raise OptionError(msg)


def _real(path: Path) -> Path:
    """Return a path without links, as far as it leads somewhere: a link to itself is an error of that file alone."""
    return Path(os.path.realpath(path))


def _all_files(sources: list[Path]) -> tuple[list[tuple[Path, Path]], int]:
    """Return the photographs, each with its path relative to its source, and how many files are none."""
    found: list[tuple[Path, Path]] = []
    passed_over = 0
    for source in sources:
        if source.is_dir():
            listed = list(_files(source))
            pictures = [path for path in listed if _is_picture(path)]
            if not pictures:
                got = f"got {len(listed)} files that are none" if listed else "but it is empty"
                msg = f"Expected photographs in {source}, {got}. Name another folder."
                raise PhotoError(msg)
            passed_over += len(listed) - len(pictures)
            found += [(path, path.relative_to(source)) for path in pictures]
        elif os.path.lexists(source) or source.exists():
            found.append((source, Path(source.name)))
        else:
            msg = f"{source} does not exist; name a photograph or a folder of photographs."
            raise PhotoError(msg)
    once: dict[str, tuple[Path, Path]] = {}
    for path, relative in found:  # a file may be named twice
        once.setdefault(os.path.normpath(path.absolute()), (path, relative))
    return list(once.values()), passed_over


def _files(source: Path) -> Iterator[Path]:
    """Yield each file of a folder in order, except hidden ones."""
    if isinstance(source, Object):
        found: Iterable[Path] = source.listed(recursive=True)
    else:
        found = (path for path in source.rglob("*") if not path.is_dir())
    yield from sorted(path for path in found if not _hidden(path.relative_to(source)))


def _is_picture(path: Path) -> bool:
    """Return whether a file is called a picture or is one; restoring it reports why it cannot be read."""
    return path.suffix.lower() in PICTURES or format_of(path) != ""


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
