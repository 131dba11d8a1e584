"""The structure of the project, counted from imports: ``python -m tests.architecture``."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "pipeline", "studio", "api", "ui", "training", "benchmarks", "examples")

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Count:
    """What `python -m tests.architecture` prints of a package."""

    rooms: int
    """Files and folders directly inside it."""

    floors: int
    """Length of the longest chain of imports from room to room."""

    arrows: int
    """Pairs of rooms of which one imports the other."""


@cache
def modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name; a package by the name of its folder."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> Graph:
    """Return which modules each module imports."""
    return {
        name: {target for each in imported(path) if (target := _module(each))} - {name}
        for name, path in modules().items()
    }


def _module(name: str) -> str:
    """Return the module that a dotted name is, or is part of; empty where it is not of the project."""
    return name if name in modules() else name.rpartition(".")[0] if name.rpartition(".")[0] in modules() else ""


def rooms(package: str) -> Graph:
    """Return which rooms of a package each of its rooms imports."""
    joined: Graph = {}
    for name, targets in graph().items():
        if name.startswith(f"{package}."):
            room = _room(name, package)
            inside = {_room(target, package) for target in targets if target.startswith(f"{package}.")}
            joined.setdefault(room, set()).update(inside - {room})
    return joined


def _room(name: str, package: str) -> str:
    return ".".join(name.split(".")[: package.count(".") + 2])


def count(package: str) -> Count:
    """Count the rooms of a package, its own ``__init__`` included, their floors and the arrows between them.

    Raises
    ------
    graphlib.CycleError
        If rooms import each other in a circle.
    """
    edges = rooms(package)
    depth: dict[str, int] = {}
    for room in TopologicalSorter(edges).static_order():
        depth[room] = 1 + max((depth[target] for target in edges.get(room, ())), default=0)
    return Count(len(edges) + 1, max(depth.values(), default=0), sum(map(len, edges.values())))


def circle() -> list[str]:
    """Return modules that import each other in a circle; none if there is no circle anywhere."""
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def main() -> None:
    """Print the counts of every package, and the first circle of imports."""
    print(f"{'':<12}{'rooms':>6}{'floors':>8}{'arrows':>8}")
    for package in PACKAGES:
        counted = count(package)
        print(f"{package:<12}{counted.rooms:>6}{counted.floors:>8}{counted.arrows:>8}")
    print(f"circle: {' -> '.join(circle()) or 'none'}")


if __name__ == "__main__":
    main()
