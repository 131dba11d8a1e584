"""Processes on the machines of a Ray cluster that hold the networks: they get paths, and send reports, never pixels."""

import logging
import math
import os
import pickle
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from models.runtime import memory
from models.runtime.engine import Engine
from pipeline.batch.journal import Journal
from pipeline.batch.outlook import Due
from pipeline.batch.report import Report
from pipeline.batch.restore import BatchSettings
from pipeline.batch.resume import resume
from pipeline.batch.rows import Row
from pipeline.errors import OptionError, PackageMissing, StudioError
from pipeline.photo import prepare

_LOG = logging.getLogger(__name__)
_ROWS = 16
"""The most photographs that an actor is given at a time."""

_PROBE_S = 5.0
"""How long the head of a cluster may take to answer."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray would report its use to its makers
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}


@dataclass(frozen=True)
class Cluster:
    """Where a run is spread to."""

    address: str = ""
    """Of the head of a cluster, such as ``"10.0.0.1:6379"``; by default ``RAY_ADDRESS``, else this machine alone."""

    actors: int = 0
    """Processes that restore photographs, each with networks of its own; 0 is one for each machine."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"


@dataclass(frozen=True)
class Began:
    """An actor begins a photograph."""

    number: int


@dataclass(frozen=True)
class Ended:
    """An actor has restored a photograph, or failed to."""

    number: int
    report: Report
    notes: list[tuple[str, tuple[Any, ...]]]
    """What is to be written into the journal: names of its methods, and their arguments."""


@dataclass(frozen=True)
class Halted:
    """An actor met an error that ends the whole run."""

    error: StudioError


Event = Began | Ended | Halted


@contextmanager
def connected(cluster: Cluster) -> Iterator[None]:
    """Context with a connection to a cluster, or a cluster of this machine alone that ends with the context."""
    os.environ.update(_QUIET)
    try:
        import ray
    except ImportError as error:
        msg = "--engine ray needs Ray, which is not installed: run `pip install -r requirements-cluster.txt`."
        raise PackageMissing(msg) from error
    address = cluster.address or os.environ.get("RAY_ADDRESS", "local")
    try:
        _probe(address)
        ray.init(
            address, include_dashboard=False if address == "local" else None, log_to_driver=False, logging_level="ERROR"
        )
    except (OSError, ValueError, RuntimeError) as error:
        msg = (
            f"Expected a Ray cluster at {address}, but it does not answer. Check --address, or run `ray start --head`."
        )
        raise OptionError(msg) from error
    try:
        yield
    finally:
        ray.shutdown()


def _probe(address: str) -> None:
    """Raise an OSError if nothing listens at an address: Ray would try for minutes."""
    host, separator, port = address.removeprefix("ray://").rpartition(":")
    if separator and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_S).close()


def events(packed: list[bytes], settings: BatchSettings, cluster: Cluster) -> Iterator[Event]:
    """Yield what happens to photographs, as it happens."""
    from ray import data, exceptions

    logging.getLogger("ray.data").setLevel(logging.CRITICAL + 1)  # what happened is in the reports
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # bytes: each event is sent at once
    context.max_errored_blocks = -1  # what a killed actor was given is given to another one in the next round
    actors, cpus, gpus = _shares(cluster)
    blocks = max(min(len(packed), 4 * actors), math.ceil(len(packed) / _ROWS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of max_task_retries, which has no other name yet
        found = data.from_items([{"photograph": each} for each in packed], override_num_blocks=blocks).map_batches(
            Restorer,
            batch_size=1,
            batch_format="pyarrow",
            compute=data.ActorPoolStrategy(size=actors),
            fn_constructor_args=(settings, cluster),
            num_cpus=cpus,
            num_gpus=gpus,
            max_task_retries=0,
        )
    try:
        for row in found.iter_rows():
            yield pickle.loads(row["event"])  # noqa: S301 - of our own actors
    except exceptions.RayError:  # an actor was killed, and Ray gives the round up; what is left is in the next one
        _LOG.warning("A round of Ray ended early.", exc_info=_LOG.isEnabledFor(logging.DEBUG))


def _shares(cluster: Cluster) -> tuple[int, int, float]:
    """Return the number of actors, and the processors and cards of each, so that machines share them evenly."""
    import ray

    machines = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    actors = cluster.actors or max(len(machines), 1)
    each = math.ceil(actors / max(len(machines), 1))
    cpus = int(min((machine["CPU"] for machine in machines), default=1)) // each
    cards = 0.0 if cluster.device == "cpu" else min((machine.get("GPU", 0.0) for machine in machines), default=0.0)
    return actors, max(1, cpus), min(1.0, cards / each)


class Restorer:
    """An actor: it restores one photograph at a time with networks that it keeps."""

    def __init__(self, settings: BatchSettings, cluster: Cluster) -> None:
        self._settings, self._cluster = settings, cluster
        self._engine: Engine | None = None
        prepare()
        memory.keep_little()

    def __call__(self, batch: Any) -> Iterator[dict[str, list[bytes]]]:
        """Yield what happens to the photographs of a batch."""
        for packed in batch["photograph"].to_pylist():
            number, due, row = pickle.loads(packed)  # noqa: S301 - of our own process
            yield {"event": [pickle.dumps(Began(number))]}
            yield {"event": [pickle.dumps(self._restored(number, due, row))]}

    def _restored(self, number: int, due: Due, row: Row) -> Event:
        notes = _Notes(row)
        try:
            self._engine = self._engine or Engine(self._cluster.device, self._cluster.precision)
            (report,) = resume(cast("Journal", notes), [due], self._settings, self._engine, lambda *_: None)
        except StudioError as error:
            return Halted(error)
        return Ended(number, report, notes.made)


@dataclass
class _Notes:
    """Stands for the journal in an actor: it knows one photograph, and keeps what is to be written."""

    known: Row
    made: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def suspects(self) -> set[bytes]:
        """Return none: an actor has one photograph at a time."""
        return set()

    def claim(self, target: bytes) -> Row:
        """Return what the journal says; the other process claims the photograph."""
        return self.known

    def row(self, target: bytes) -> None:
        """Return nothing: the other process writes sidecars."""

    def hashed(self, *arguments: object) -> None:
        """Keep a note."""
        self.made.append(("hashed", arguments))

    def intend(self, *arguments: object) -> None:
        """Keep a note."""
        self.made.append(("intend", arguments))

    def settle(self, *arguments: object) -> None:
        """Keep a note."""
        self.made.append(("settle", arguments))
