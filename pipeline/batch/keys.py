"""Keys of results: results of one key are equal, wherever and whenever they were made.

Device and precision are no part of a key: a run that was begun on one machine may be finished on another.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from models import catalog
from models.files import weights
from models.spec import ModelSpec, Task
from pipeline.batch.restore import INSTANCE, BatchSettings
from pipeline.plan import Plan, files, to_json

VERSION = 1
"""Version of the stages; raise it when equal settings make other results."""

PAGE = "page"
"""In place of a digest of settings: the result is the page's, and is kept whatever the settings of a run are."""

_HELPERS: Mapping[Task, tuple[Task, ...]] = {"faces": ("find", "identify")}
"""Tasks of bundled models that the models of a task need besides; an estimator of blur serves several."""


@dataclass(frozen=True)
class Stamp:
    """What tells without reading that a file is still the same."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the stamp of a file.

        Raises
        ------
        OSError
            If it cannot be examined.
        """
        return cls.made(path.stat())

    @classmethod
    def made(cls, found: os.stat_result) -> Self:
        """Return the stamp of a file that was examined."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def document_of(settings: BatchSettings) -> dict[str, Any]:
    """Return everything but the photograph that its result depends on, for JSON: settings, and digests of models."""
    return {
        "version": VERSION,
        "plan": json.loads(to_json(settings.plan)),
        "models": models_of(settings.plan),
        "output": asdict(settings.output),
        "same_format": settings.same_format,
        "max_pixels": settings.max_pixels,
    }


def models_of(plan: Plan) -> dict[str, str]:
    """Return the SHA-256 of each model's file that a plan may use, by id; empty where the file is missing."""
    own = {path.name: digest_of(path) for stage in plan.stages for path in files(stage) if path.is_file()}
    specs = {spec.id: spec for spec in _specs(plan) if spec.tier != "own"}
    found = {name: (spec, weights.location(spec)) for name, spec in specs.items()}
    return own | {name: weights.verify(spec, path) if path.is_file() else "" for name, (spec, path) in found.items()}


def key_of(source: str, page: int | None, settings: str) -> str:
    """Return the key of a result.

    Parameters
    ----------
    source : str
        SHA-256 of the photograph's file.
    page : int or None
        Which page of the file.
    settings : str
        Digest of a document of settings.
    """
    return digest({"source": source, "page": page, "settings": settings})


def states(path: Path, key: str) -> bool:
    """Return whether the metadata of a file states a key; packets of XMP are stored as plain text in every format."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(f"{INSTANCE}{key}".encode()) >= 0


def _specs(plan: Plan) -> list[ModelSpec]:
    """Return the models that a plan names, those that are mixed in, and those that help them."""
    named = {value for stage in plan.stages for value in asdict(stage).values() if isinstance(value, str)}
    specs = [spec for stage in plan.stages if (spec := stage.network()) is not None]
    helpers = {task for spec in specs for task in _HELPERS.get(spec.task, ())} | {"estimate"}
    helpers |= {"fill" for stage in plan.stages if stage.takes_mask}
    specs += [spec for spec in catalog.MODELS if spec.id in named or (spec.bundled and spec.task in helpers)]
    return specs + [catalog.get(spec.partner) for spec in specs if spec.partner]


def digest(document: object) -> str:
    """Return the SHA-256 of plain values, whatever the order of their names."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
