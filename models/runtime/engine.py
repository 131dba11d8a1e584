"""Turn a spec into a network that runs: by OpenVINO on a CPU, by torch on a CUDA card."""

import ctypes.util
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import openvino

from models import catalog
from models.errors import Cancelled, ModelError
from models.files import weights
from models.packages import INSTALL, missing, require_full
from models.runtime import compiled, diffusion, graphs, onnx, quantised, yunet
from models.runtime.network import POLL_MS, Device, Network, OpenVinoNetwork, Precision, TorchNetwork
from models.spec import ModelSpec

MAX_LOADED = 12
"""Networks that one engine keeps in memory; simple mode with every stage runs eleven."""

AT_WORK = 2
"""Recently used networks that keep their inference buffers, which take more memory than all other networks."""

_LOG = logging.getLogger(__name__)


class Engine:
    """Loads each network once, whatever its format, and keeps the most recently used.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        ``"auto"`` uses a CUDA card where there is one.
    precision : {"auto", "float32", "bfloat16", "float16"}
        ``"auto"`` is int8 or bfloat16 on a CPU that computes bfloat16, and float16 on CUDA, for networks whose
        quality that keeps; else float32.

    Raises
    ------
    ModelError
        If this machine cannot compute what was asked for.
    PackageMissing
        If CUDA is asked for, and torch is not installed.
    """

    def __init__(
        self,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
    ) -> None:
        self._device: Device = ("cuda" if _has_cuda() else "cpu") if device == "auto" else device
        self._precision = precision
        _check(self._device, precision)
        self._loaded: OrderedDict[tuple[object, ...], Future[Network]] = OrderedDict()
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio-load")
        self._lock = threading.Lock()

    def network(
        self,
        spec: ModelSpec,
        *,
        mix: float = 1.0,
        device: Device | None = None,
        precision: Precision | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Network:
        """Return the network of `spec`, loaded on the first call.

        Parameters
        ----------
        spec : ModelSpec
            What to load.
        mix : float
            1 is the model itself; below it, its weights are interpolated towards those of ``spec.partner``.
        device, precision : optional
            Override the engine's own choice.
        cancelled : callable
            Asked while the network loads, which may take many seconds; the loading itself goes on, and the next call
            uses its result.

        Raises
        ------
        Cancelled
            Soon after `cancelled` returns true.
        WeightsMissing, WeightsCorrupt, CheckpointMismatch
            If the file is not here, is not the right one, or does not fit.
        PackageMissing
            If the network needs torch, and it is not installed.
        """
        device = "cpu" if spec.format == "onnx" else device or self.device
        precision = precision or self._precision_on(device, spec)
        key = (spec, mix, device, precision, _written(spec))
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._loader.submit(_load, spec, mix, device, precision)
            self._loaded.move_to_end(key)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            for idle in list(self._loaded.values())[:-AT_WORK]:
                if idle.done() and not idle.exception():
                    idle.result().rest()
            future = self._loaded[key]
        while not wait([future], timeout=POLL_MS / 1000).done:
            if cancelled():
                msg = f"The work was cancelled while {spec.title} was loading."
                raise Cancelled(msg)
        if future.exception():
            with self._lock:
                self._loaded.pop(key, None)  # the file may be there at the next call
        return future.result()

    @property
    def device(self) -> Device:
        """The device that networks run on by default."""
        return self._device

    @property
    def precision(self) -> str:
        """Default precision, as text."""
        usual = self._precision_on(self._device)
        return f"{usual} + int8" if self._precision == "auto" and usual == "bfloat16" else usual

    def _precision_on(self, device: Device, spec: ModelSpec | None = None) -> Precision:
        if self._precision != "auto":
            return "float32" if device == "cpu" and self._precision == "float16" else self._precision
        if (spec and not spec.half) or (device == "cpu" and not _computes_bfloat16()):
            return "float32"
        if device == "cuda":
            return "float16"
        # Processors with bfloat16 multiply whole numbers of 8 bits twice as fast again; on older ones sums of two
        # products may overflow.
        return "int8" if spec and spec.ranges else "bfloat16"


def _check(device: Device, precision: str) -> None:
    """Raise if this machine cannot compute what was asked for."""
    if device == "cuda":
        require_full("A CUDA card")
    if device == "cuda" and not _has_cuda():
        msg = "Expected a CUDA card, and torch finds none. Use the CPU, or install its driver and torch for CUDA."
    elif device == "cpu" and precision == "float16":
        msg = "float16 is for CUDA cards. On a CPU use float32, or bfloat16 where the processor computes it."
    elif device == "cpu" and precision == "bfloat16" and not _computes_bfloat16():
        msg = "This processor does not compute bfloat16. Use float32."
    else:
        return
    raise ModelError(msg)


def _written(spec: ModelSpec) -> int:
    """Return when a model's file was written, 0 for a bundled one: a replaced file is another network."""
    path = weights.location(spec)
    return 0 if spec.bundled or not path.is_file() else path.stat().st_mtime_ns


def _load(spec: ModelSpec, mix: float, device: Device, precision: Precision) -> Network:
    if spec.format == "onnx":
        return (yunet if spec.task == "find" else onnx).load(spec, precision)
    if spec.format == "diffusers":
        return diffusion.load(spec, device, precision)
    if spec.format == "tensors" or device == "cuda":
        require_full(spec.title)
    if device == "cuda":
        return TorchNetwork(spec, _module(spec, mix), precision)

    def make() -> openvino.Model:
        made = graph(spec, mix)
        return graphs.channels_last(quantised.quantise(made) if precision == "int8" else made)

    return OpenVinoNetwork(spec, compiled.load(spec, mix, precision, make), precision)


def graph(spec: ModelSpec, mix: float = 1.0) -> openvino.Model:
    """Return OpenVINO's graph of a bundled network, or of one in a file of tensors, for any height and width.

    Parameters
    ----------
    spec, mix
        As for `Engine.network`; only bundled networks need no torch.
    """
    if not spec.bundled:
        return graphs.convert(spec, _module(spec, mix))
    other = weights.graph(catalog.get(spec.partner)) if mix < 1.0 else None
    return graphs.read(weights.graph(spec), other, mix)


def _module(spec: ModelSpec, mix: float) -> Any:
    """Build the torch module, with its weights."""
    state: Mapping[str, Any] = weights.read_state(weights.find(spec), spec)
    if mix < 1.0:
        from models.networks.realesrgan import interpolate

        other = catalog.get(spec.partner)
        state = interpolate(state, weights.read_state(weights.find(other), other), mix)
    module, _, function = spec.builder.partition(":")
    return getattr(import_module(module), function)(state).eval().requires_grad_(False)


@lru_cache(maxsize=1)
def _computes_bfloat16() -> bool:
    return "BF16" in graphs.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@lru_cache(maxsize=1)
def _has_cuda() -> bool:
    """Return whether torch finds a CUDA card; without a driver, torch is not even imported."""
    if ctypes.util.find_library("cuda") is None:
        return False
    if missing():
        _LOG.warning("This machine has a CUDA driver, but networks run on the CPU without PyTorch: %s.", INSTALL)
        return False
    import torch

    return bool(torch.cuda.is_available())
