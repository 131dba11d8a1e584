"""Whether the files of bundled models are the ones that were published."""

import hashlib
from functools import lru_cache
from pathlib import Path

from models.errors import WeightsCorrupt, WeightsMissing

SUMS = "SHA256SUMS"
"""File beside them with their digests, as ``sha256sum`` writes and checks it."""


def check(path: Path) -> Path:
    """Return a file if its SHA-256 is the published one; an unchanged file is hashed once a process.

    Raises
    ------
    WeightsMissing
        If it does not exist.
    WeightsCorrupt
        If it is another file, or its digest is not published.
    """
    if not path.is_file():
        msg = f"Expected the bundled file {path}, got nothing there. Install the studio again."
        raise WeightsMissing(msg)
    sums, state = path.with_name(SUMS), path.stat()
    expected = _published(sums, sums.stat().st_mtime_ns).get(path.name) if sums.is_file() else None
    digest = _sha256(path, state.st_mtime_ns, state.st_size)
    if digest != expected:
        msg = (
            f"Expected the published file at {path} (SHA-256 {expected or 'unknown'}), got another ({digest}): it is "
            f"damaged or was replaced. Install the studio again; if you replaced it, renew {SUMS} beside it."
        )
        raise WeightsCorrupt(msg)
    return path


@lru_cache(maxsize=8)
def _published(sums: Path, _changed: int) -> dict[str, str]:
    lines = (line.split() for line in sums.read_text(encoding="utf-8").splitlines())
    return {words[1].lstrip("*"): words[0] for words in lines if len(words) == 2}


@lru_cache(maxsize=256)
def _sha256(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
