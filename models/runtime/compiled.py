"""Compiled networks on disk: the next start neither compiles them nor, for official ones, imports torch.

They lie in ``compiled`` in the folder of downloaded models. The name of an entry is a digest of everything that it was
made from: file, version of the engine, processor, precision and more; so no stale entry is ever read.
"""

import hashlib
import logging
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import openvino

from models import catalog
from models.files import atomic, weights
from models.runtime import graphs
from models.spec import ModelSpec

MOST_BYTES = 1 << 30
"""Bytes of all entries together; the least recently used are deleted first."""

_LOG = logging.getLogger(__name__)
_DIGEST_BYTES = 32
_SOURCES = ("runtime/graphs.py", "runtime/quantised.py", "runtime/yunet.py", "networks/*.py")
"""The code that turns a file into a graph."""

_TRANSLATORS = ("torch", "spandrel")
"""Packages that turn a file's tensors into a graph."""


def folder() -> Path:
    """Return where compiled networks lie; it may not exist yet."""
    return weights.folder() / "compiled"


def load(spec: ModelSpec, mix: float, precision: str, make: Callable[[], openvino.Model]) -> openvino.CompiledModel:
    """Return a network compiled for the CPU, from disk where there is an entry, else made and written there.

    An entry that cannot be read is deleted with a warning in the log, and made again; a folder that cannot be written
    to gives a warning, too. Several processes may write entries at the same time; each appears whole or not at all.

    Parameters
    ----------
    spec : ModelSpec
        The network, whose file is verified first.
    mix : float
        Its share where its weights are interpolated with those of its partner.
    precision : str
        ``"float32"``, ``"bfloat16"`` or ``"int8"``, whose graph is quantised and computes the rest in bfloat16.
    make : callable
        Returns the graph, where there is no entry.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If the file is not here or not the right one, or does not fit.
    """
    kind = openvino.Type.f32 if precision == "float32" else openvino.Type.bf16
    # OpenVINO keeps code for 5000 layers of every size that it has seen, 10 MB for each size of a photograph.
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": kind, "CPU_RUNTIME_CACHE_CAPACITY": 0}
    path = folder() / f"{_key(spec, mix, precision, hints)}.blob"
    compiled = _read(path, hints)
    if compiled is None:
        compiled = graphs.core().compile_model(make(), "CPU", hints)
        _keep(path, compiled)
    return compiled


def _key(spec: ModelSpec, mix: float, precision: str, hints: dict[str, Any]) -> str:
    """Return a digest of everything that a compiled network depends on."""
    files = [_digest(spec)] + ([_digest(catalog.get(spec.partner))] if mix < 1.0 else [])
    translators = [version(name) for name in _TRANSLATORS] if spec.format == "tensors" else []
    made_by = [openvino.get_version(), _processor(), _code(), *translators]
    facts = [spec, mix, precision, sorted((name, str(value)) for name, value in hints.items()), files, made_by]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _digest(spec: ModelSpec) -> str:
    """Return the digest of the file that a network is made from."""
    if not spec.bundled:
        return weights.verify(spec, weights.find(spec))
    graph = weights.graph(spec)
    parts = (graph.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin", ".safetensors"))
    return hashlib.sha256(b"".join(parts)).hexdigest()


@lru_cache(maxsize=1)
def _code() -> str:
    paths = sorted(path for pattern in _SOURCES for path in Path(__file__).parents[1].glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


@lru_cache(maxsize=1)
def _processor() -> str:
    """Return what identifies this processor; several may share a name."""
    names = [str(graphs.core().get_property("CPU", name)) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    return " ".join([platform.machine(), *names, next((line for line in lines if line.startswith("flags")), "")])


def _read(path: Path, hints: dict[str, Any]) -> openvino.CompiledModel | None:
    """Return an entry, or None if there is none that can be used."""
    try:
        content = memoryview(path.read_bytes())
    except OSError:
        return None
    digest, blob = bytes(content[:_DIGEST_BYTES]), bytes(content[_DIGEST_BYTES:])
    if hashlib.sha256(blob).digest() != digest:
        _discard(path, "its bytes are not those that were written")
        return None
    try:
        compiled = graphs.core().import_model(blob, "CPU", hints)
    except RuntimeError as error:
        _discard(path, str(error))
        return None
    with suppress(OSError):
        os.utime(path)
    return compiled


def _discard(path: Path, reason: str) -> None:
    """Delete an entry that cannot be used."""
    _LOG.warning("The compiled network %s is unusable and is made again: %s", path, reason)
    with suppress(OSError):  # on a read-only disk
        path.unlink(missing_ok=True)


def _keep(path: Path, compiled: openvino.CompiledModel) -> None:
    """Write an entry, and delete old ones that no longer fit."""
    stream = BytesIO()
    compiled.export_model(stream)
    try:
        _write(path, stream.getvalue())
        _make_room(path.parent)
    except OSError as error:
        _LOG.warning("Compiled networks cannot be written to %s, so each start compiles them: %s", path.parent, error)


def _write(path: Path, blob: bytes) -> None:
    """Write an entry: the digest of the blob, then the blob."""
    atomic.write(path, hashlib.sha256(blob).digest() + blob)


def _make_room(place: Path) -> None:
    """Delete the least recently used entries, until the rest fits into `MOST_BYTES`."""
    entries = sorted(((entry.stat(), entry) for entry in place.glob("*.blob")), key=lambda pair: -pair[0].st_mtime)
    total = 0
    for state, entry in entries:
        total += state.st_size
        if total > MOST_BYTES:
            entry.unlink(missing_ok=True)
