"""A network that is ready to run: by OpenVINO on a CPU, by torch on a CUDA card."""

import threading
from collections.abc import Callable
from typing import Any, Literal, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import Cancelled, InferenceFailed
from models.spec import ModelSpec

Array = NDArray[np.float32]
Device = Literal["cpu", "cuda"]
Precision = Literal["float32", "bfloat16", "float16", "int8"]

POLL_MS = 50
"""Milliseconds between two looks whether the work was cancelled."""


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

    def rest(self) -> None:
        """Let go of the memory of the last run; the next one takes some again."""


class OpenVinoNetwork:
    """A network on the CPU."""

    device: Device = "cpu"

    def __init__(self, spec: ModelSpec, model: Any, precision: Precision) -> None:
        self.spec = spec
        self.precision = precision
        self._model = model
        self._of_thread = threading.local()  # a request holds its answer, which is too large to copy for nothing
        self._lock = threading.Lock()  # one request already uses every core

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return the network's output; see `Network`."""
        with self._lock:
            request = self._request()
            try:
                request.start_async({0: np.ascontiguousarray(x)})
                while not request.wait_for(POLL_MS):
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

    def rest(self) -> None:
        """Let go of requests, which hold what they compute in."""
        self._of_thread = threading.local()

    def _request(self) -> Any:
        """Return the request of this thread."""
        own = self._of_thread  # another thread may let the network rest meanwhile
        if not hasattr(own, "request"):
            own.request = self._model.create_infer_request()
        return own.request


class TorchNetwork:
    """A network on a CUDA card."""

    device: Device = "cuda"

    def __init__(self, spec: ModelSpec, module: Any, precision: Precision) -> None:
        import torch

        self.spec = spec
        self.precision = precision
        self._dtype = getattr(torch, precision)
        self._module = module.to("cuda", self._dtype).to(memory_format=torch.channels_last)

    def rest(self) -> None:
        """Nothing: torch keeps memory for all networks together."""

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return the network's output; see `Network`."""
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
