"""Run a network: OpenVINO on a CPU, torch on a CUDA card.

The networks in the box are stored as OpenVINO's own files too, so that on a CPU they run without importing torch.
"""

import ctypes.util
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, NoReturn, Protocol

import numpy as np
import openvino
from numpy.typing import NDArray

from models import catalog, compiled, graphs, quantised, weights
from models.catalog import ModelSpec
from models.errors import Cancelled, InferenceFailed, ModelError

Array = NDArray[np.float32]
Device = Literal["cpu", "cuda"]
Precision = Literal["float32", "bfloat16", "float16", "int8"]

MAX_LOADED = 8
"""Networks kept in memory by one engine; simple mode with everything on runs seven."""

_POLL_MS = 50


class Network(Protocol):
    """A network that is ready to run; safe to share between threads."""

    spec: ModelSpec
    device: Device
    precision: Precision

    def run(self, x: Array, cancelled: Callable[[], bool] = ...) -> Array:
        """Return the network's output for one input; the next run on the same thread may write over it.

        Parameters
        ----------
        x : ndarray of float32, shape (1, C, H, W)
            RGB in [0, 1], or what the network's own file says; H and W fit ``spec.multiple`` and ``spec.minimum``.
        cancelled : callable
            Asked while the network runs on a CPU.

        Raises
        ------
        Cancelled
            Soon after `cancelled` says so.
        MemoryError
            If the input does not fit into the device's memory.
        InferenceFailed
            If the device fails in another way.
        """


class Engine:
    """Loads networks once, and keeps the last few.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        ``"auto"`` takes a CUDA card where there is one.
    precision : {"auto", "float32", "bfloat16", "float16"}
        ``"auto"`` is, for networks that bear it, int8 or bfloat16 on a CPU that computes bfloat16, and float16 on
        CUDA; else float32.

    Raises
    ------
    ModelError
        If this machine cannot compute what is asked.
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
            Overrule the engine's own choice.
        cancelled : callable
            Asked while the network loads, which takes a large one many seconds; the loading itself goes on, and
            serves the next call.

        Raises
        ------
        Cancelled
            Soon after `cancelled` says so.
        WeightsMissing, WeightsCorrupt, CheckpointMismatch
            If the file is not here, is not the right one, or does not fit.
        """
        device = device or self.device
        precision = precision or self._precision_on(device, spec)
        key = (spec, mix, device, precision, weights.written(spec))
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._loader.submit(_load, spec, mix, device, precision)
            self._loaded.move_to_end(key)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            future = self._loaded[key]
        while not wait([future], timeout=_POLL_MS / 1000).done:
            if cancelled():
                msg = f"The work was cancelled while {spec.title} was loading."
                raise Cancelled(msg)
        if future.exception():
            with self._lock:
                self._loaded.pop(key, None)  # the file may be there at the next call
        return future.result()

    @property
    def device(self) -> Device:
        """The device that this engine computes on."""
        return self._device

    @property
    def precision(self) -> str:
        """What this engine computes in, in words, but for networks that bear nothing less than float32."""
        usual = self._precision_on(self._device)
        return f"{usual} and int8" if self._precision == "auto" and usual == "bfloat16" else usual

    def _precision_on(self, device: Device, spec: ModelSpec | None = None) -> Precision:
        if self._precision != "auto":
            return self._precision
        if (spec and not spec.half) or (device == "cpu" and not _computes_bfloat16()):
            return "float32"
        if device == "cuda":
            return "float16"
        # Processors with bfloat16 multiply whole numbers of 8 bits twice as fast again; on older ones sums of two
        # products may overflow.
        return "int8" if spec and spec.ranges else "bfloat16"


def _check(device: Device, precision: str) -> None:
    """Refuse what this machine cannot compute, rather than compute something else."""
    if device == "cuda" and not _has_cuda():
        msg = "A CUDA card was asked for, and torch finds none here. Use the CPU, or install a driver and CUDA's torch."
    elif device == "cpu" and precision == "float16":
        msg = "float16 is for CUDA cards. On a CPU use float32, or bfloat16 where the processor computes it."
    elif device == "cpu" and precision == "bfloat16" and not _computes_bfloat16():
        msg = "bfloat16 was asked for, and this processor does not compute it. Use float32."
    else:
        return
    raise ModelError(msg)


def _load(spec: ModelSpec, mix: float, device: Device, precision: Precision) -> Network:
    if device == "cuda":
        return _TorchNetwork(spec, _module(spec, mix), precision)
    kind = openvino.Type.f32 if precision == "float32" else openvino.Type.bf16
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": kind}

    def make() -> Any:
        made = graph(spec, mix)
        return graphs.channels_last(quantised.quantise(made) if precision == "int8" else made)

    return _OpenVinoNetwork(spec, compiled.load(spec, mix, precision, hints, make), precision)


def graph(spec: ModelSpec, mix: float = 1.0) -> Any:
    """Make OpenVINO's graph of a network, of free height and width.

    Parameters
    ----------
    spec, mix
        As for `Engine.network`; only models in the box need no torch.
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


class _OpenVinoNetwork:
    """A network on the CPU."""

    device: Device = "cpu"

    def __init__(self, spec: ModelSpec, model: Any, precision: Precision) -> None:
        self.spec = spec
        self.precision = precision
        self._model = model
        self._of_thread = threading.local()  # a request holds its answer, which is too large to copy for nothing
        self._lock = threading.Lock()  # one request already uses every core

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        with self._lock:
            request = self._request()
            try:
                request.start_async({0: np.ascontiguousarray(x)})
                while not request.wait_for(_POLL_MS):
                    if cancelled():
                        request.cancel()
                        request.wait()
                output: Array = request.get_output_tensor(0).data  # pictures: (1, H, W, C)
            except RuntimeError as error:
                if cancelled():
                    msg = "The work was cancelled while a network ran."
                    raise Cancelled(msg) from error
                _fail(self.spec, x, error)
        return output.transpose(0, 3, 1, 2) if output.ndim == x.ndim else output

    def _request(self) -> Any:
        """Return the request of this thread."""
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._model.create_infer_request()
        return self._of_thread.request


class _TorchNetwork:
    """A network on a CUDA card."""

    device: Device = "cuda"

    def __init__(self, spec: ModelSpec, module: Any, precision: Precision) -> None:
        import torch

        self.spec = spec
        self.precision = precision
        self._dtype = getattr(torch, precision)
        self._module = module.to("cuda", self._dtype).to(memory_format=torch.channels_last)

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        import torch

        try:
            with torch.inference_mode():
                tensor = torch.from_numpy(np.ascontiguousarray(x)).to("cuda", self._dtype)
                output = self._module(tensor.contiguous(memory_format=torch.channels_last))
                if output.ndim == x.ndim:  # pictures, which are wanted pixel by pixel: the card turns them faster
                    output = output.contiguous(memory_format=torch.channels_last)
                result: Array = output.float().cpu().numpy()
                return result
        except RuntimeError as error:  # torch.cuda.OutOfMemoryError is one too
            _fail(self.spec, x, error)


def _fail(spec: ModelSpec, x: Array, error: RuntimeError) -> NoReturn:
    """Tell memory that ran out from any other failure of a device."""
    size = f"{x.shape[3]}x{x.shape[2]}"
    if any(sign in str(error).lower() for sign in ("out of memory", "bad_alloc", "allocate")):
        msg = f"{spec.title} does not fit into memory at {size} pixels."
        raise MemoryError(msg) from error
    msg = f"{spec.title} failed at {size} pixels: {error}. Try another device or precision, or report this."
    raise InferenceFailed(msg) from error


@lru_cache(maxsize=1)
def _computes_bfloat16() -> bool:
    return "BF16" in graphs.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@lru_cache(maxsize=1)
def _has_cuda() -> bool:
    """Say whether a CUDA card is there; without a driver, torch is not even imported."""
    if ctypes.util.find_library("cuda") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())
