"""Pair photographs with the files that their results go to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PhotoError
from pipeline.photo import Output

ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".tif": "tiff", ".tiff": "tiff"}
"""Format of an output by the ending of its name."""


@dataclass(frozen=True)
class Pair:
    """A photograph, and the file that its result goes to."""

    source: Path
    target: Path


def pairs(sources: Iterable[Path], target: Path, output: Output) -> list[Pair]:
    """Return every photograph with the file that its result goes to.

    A folder stands for all files in it, whatever their names end in, except hidden files and a target inside it; its
    structure is kept. If there is one source and the target ends like a picture, the target is a file; otherwise it is
    a folder.

    Raises
    ------
    PhotoError
        If a source does not exist, or a folder is empty.
    """
    listed = list(sources)
    if len(listed) == 1 and listed[0].is_file() and target.suffix and not target.is_dir():
        return [Pair(listed[0], target)]
    found = [pair for source in listed for pair in _files(source, target)]
    return [Pair(path, target / relative.with_suffix(output.suffix)) for path, relative in found]


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
