"""Many files: each one restored by itself, so that a broken one harms no other."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.engine import Engine
from pipeline.cache import Timing
from pipeline.errors import OptionError, PhotoError, PhotoUnwritable, StudioError
from pipeline.notices import Notice
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import Plan
from pipeline.run import Progress, run
from pipeline.suggest import suggestions

ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".tif": "tiff", ".tiff": "tiff"}
"""What the names of outputs may end in, and the format that each means."""


@dataclass(frozen=True)
class Task:
    """One photograph to restore, and where the result goes."""

    source: Path
    target: Path


@dataclass
class Report:
    """What became of one photograph."""

    source: str
    target: str
    status: str = "failed"
    """``"done"`` or ``"failed"``."""

    error: str = ""
    original_size: tuple[int, int] = (0, 0)
    """Width and height of the file."""

    working_size: tuple[int, int] = (0, 0)
    """Width and height that the stages saw."""

    size: tuple[int, int] = (0, 0)
    """Width and height of the result."""

    seconds: float = 0.0
    stages: list[Timing] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Order:
    """What is asked of every photograph of a batch."""

    plan: Plan
    output: Output
    max_pixels: int
    strict: bool = False
    overwrite: bool = False
    suggest: frozenset[str] = frozenset()
    """Stages to suggest for the photographs that need them; see `pipeline.suggest`."""


def tasks(sources: Iterable[Path], target: Path, output: Output) -> list[Task]:
    """Pair every photograph with its place in the output.

    A folder stands for all files in it, whatever their names end in; hidden files are passed over, and its
    structure is kept; a target inside it is not a part of it. One source and a target that ends like a picture make a
    file; all else goes into a folder.

    Raises
    ------
    PhotoError
        If a source does not exist, or a folder is empty.
    """
    listed = list(sources)
    if len(listed) == 1 and listed[0].is_file() and target.suffix and not target.is_dir():
        return [Task(listed[0], target)]
    found = [pair for source in listed for pair in _files(source, target)]
    return [Task(path, target / relative.with_suffix(output.suffix)) for path, relative in found]


def _files(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of a source with its path relative to it, but for results that lie in a folder of it."""
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


def restore_all(
    work: list[Task], order: Order, engine: Engine, progress: Callable[[int, Progress], None]
) -> Iterator[Report]:
    """Restore photograph after photograph, and yield a report of each.

    Parameters
    ----------
    work : list of Task
        Two tasks with one target: the second fails rather than overwrite the first.
    order : Order
        What to do.
    engine : Engine
        Runs the networks.
    progress : callable
        Told the number of the task, from 0, and how far it is.
    """
    written: set[Path] = set()
    for number, task in enumerate(work):
        report = Report(str(task.source), str(task.target))
        started = time.perf_counter()
        try:
            _refuse_overwriting(task, order, written)
            _restore(task, order, engine, report, lambda p, n=number: progress(n, p))  # type: ignore[misc]
            written.add(task.target)
            report.status = "done"
        except OptionError:  # wrong for every photograph, not for this one
            raise
        except Exception as error:  # noqa: BLE001 - one photograph harms no other, and its report tells of it
            report.error = _told(error)
        report.seconds = time.perf_counter() - started
        yield report


def _told(error: Exception) -> str:
    if isinstance(error, StudioError | OSError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The photo does not fit into memory; lower --max-pixels or --scale."
    return f"Something went wrong inside the studio, please report it: {type(error).__name__}: {error}"


def _refuse_overwriting(task: Task, order: Order, written: set[Path]) -> None:
    if task.target in written:
        msg = f"{task.target} was just written for another photograph of the same name; rename one of them."
        raise PhotoUnwritable(msg)
    if task.target.exists() and not order.overwrite:
        msg = f"{task.target} exists; choose another output or add --overwrite."
        raise PhotoUnwritable(msg)


def _restore(task: Task, order: Order, engine: Engine, report: Report, progress: Callable[[Progress], None]) -> None:
    """Restore one photograph and fill in its report."""
    photo = read_photo(task.source, max_pixels=order.max_pixels, strict=order.strict)
    result = run(order.plan, photo, engine, progress=progress)
    count = len(order.plan.stages)
    progress(Progress("encode", count, count, 0.0))
    finished = order.plan.finish.apply(result.pixels)
    encoded = encode_photo(finished, photo, order.output, history=result.history, guesses=result.guesses)
    write_safely(task.target, encoded.data)
    progress(Progress("encode", count, count, 1.0))
    report.original_size, report.working_size = photo.original_size, photo.size
    report.size = (finished.shape[1], finished.shape[0])
    report.stages = list(result.timings)
    report.notices = [*result.notices, *encoded.notices]
    del result, finished, encoded  # the largest pictures there are, before another network takes memory
    if order.suggest:
        report.notices += [why for name, why in suggestions(photo.pixels, engine).items() if name in order.suggest]


def write_safely(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a temporary one beside it, which then takes its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        with suppress(OSError):  # some network drives know no modes
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's file mode mask; reading it means setting it for a moment."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
