"""A folder of results as a bag, after BagIt 1.0 (RFC 8493): payload in ``data``, checksums and facts beside it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from models.files import atomic
from pipeline.batch.keys import digest_of
from pipeline.errors import BagInvalid
from pipeline.photo import SOFTWARE

PAYLOAD = "data"
DECLARATION = "bagit.txt"
_MANIFEST = "manifest-sha256.txt"
_TAGS = "tagmanifest-sha256.txt"
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *]?(\S.*)")


def write(root: Path, known: Mapping[str, str], progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Make a folder whose results lie in ``data`` a bag, and validate it.

    Parameters
    ----------
    root : Path
        The folder.
    known : mapping of str to str
        SHA-256 of files by their paths in the folder, with slashes, from when they were made; others are read.
    progress : callable
        Takes the share of the files that are validated, in [0, 1].

    Raises
    ------
    BagInvalid
        If a name cannot be stated in UTF-8, or a file is not as it was made.
    """
    files = list(_payload(root))
    _check_names(files)
    sums = {name: known.get(name) or digest_of(root / name) for name in files}
    size = sum((root / name).stat().st_size for name in files)
    facts = {
        "Bag-Software-Agent": SOFTWARE,
        "Bagging-Date": datetime.now(UTC).date().isoformat(),
        "Payload-Oxum": f"{size}.{len(files)}",
    }
    _write(root / DECLARATION, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    _write(root / "bag-info.txt", "".join(f"{name}: {value}\n" for name, value in facts.items()))
    _write(root / _MANIFEST, _manifest(sums))
    tags = sorted(path.name for path in root.iterdir() if path.is_file() and path.name != _TAGS)
    _write(root / _TAGS, _manifest({name: digest_of(root / name) for name in tags}))
    wrong = problems(root, progress)
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        msg = f"{root} is not a valid bag: {wrong[0]}{more}. Delete what changed and run the same command again."
        raise BagInvalid(msg)


def problems(root: Path, progress: Callable[[float], None] = lambda fraction: None) -> list[str]:
    """Return what keeps a folder from being a complete and valid bag; every file is read.

    Parameters
    ----------
    root : Path
        The folder.
    progress : callable
        Takes the share of the files that are validated, in [0, 1].
    """
    if not (root / DECLARATION).is_file() or not (root / _MANIFEST).is_file():
        return [f"it has no {DECLARATION} or {_MANIFEST}"]
    stated = _read(root / _MANIFEST)
    found = [f"{name} is in no manifest" for name in _payload(root) if name not in stated]
    listed = [*stated.items(), *(_read(root / _TAGS).items() if (root / _TAGS).is_file() else ())]
    for number, (name, expected) in enumerate(listed):
        progress(number / len(listed))
        if not (root / name).is_file():
            found.append(f"{name} is missing")
        elif digest_of(root / name) != expected:
            found.append(f"{name} has changed")
    return found


def _payload(root: Path) -> Iterator[str]:
    """Yield the path of each file of the payload, with slashes."""
    for path in sorted((root / PAYLOAD).rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix()


def _check_names(names: list[str]) -> None:
    """Refuse names that a manifest cannot state."""
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError as error:
            shown = os.fsencode(name).decode("utf-8", "replace")
            msg = f"Expected names in UTF-8, which a bag needs, got {shown}. Rename its photograph, or omit --bag."
            raise BagInvalid(msg) from error


def _manifest(sums: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {_encoded(name)}\n" for name, digest in sums.items())


def _encoded(name: str) -> str:
    """Return a path as a manifest states it."""
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _read(path: Path) -> dict[str, str]:
    lines = map(_LINE.fullmatch, path.read_text(encoding="utf-8").split("\n"))
    return {_decoded(line[2]): line[1].lower() for line in lines if line}


def _decoded(name: str) -> str:
    return name.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _write(path: Path, text: str) -> None:
    atomic.write(path, text.encode("utf-8"), durable=True)
