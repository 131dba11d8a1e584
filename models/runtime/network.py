"""A network that is ready to run: by OpenVINO on a CPU, by torch on a CUDA card."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn, Protocol

import numpy as np
import openvino
from numpy.typing import NDArray

from models.errors import Cancelled, InferenceFailed
from models.spec import ModelSpec

Array = NDArray[np.float32]
Device = Literal["cpu", "cuda"]
Precision = Literal["float32", "bfloat16", "float16", "int8"]

POLL_MS = 50
"""Milliseconds between two checks whether the work was cancelled."""

_LOG = logging.getLogger(__name__)


class Network(Protocol):
    """A network that is ready to run; threads may share it."""

    spec: ModelSpec
    device: Device
    precision: Precision

    def run(self, x: Array, cancelled: Callable[[], bool] = ...) -> Array:
        """Return the network's output for one input; the next run on the same thread may overwrite it.

        Parameters
        ----------
        x : ndarray of float32, shape (1, C, H, W)
            What ``spec.takes`` names; H and W fit ``spec.multiple`` and ``spec.minimum``.
        cancelled : callable
            Asked while the network runs on a CPU.

        Returns
        -------
        ndarray of float32
            Shape (1, 3, spec.scale * H, spec.scale * W), RGB, for a network that answers with a picture; else what the
            network's own file says.

        Raises
        ------
        Cancelled
            Soon after `cancelled` returns true.
        MemoryError
            If the input does not fit into the device's memory.
        InferenceFailed
            If the device fails in another way.
        """

    def rest(self) -> None:
        """Free the inference buffers; the next run allocates them again."""


class PromptedNetwork(Network, Protocol):
    """A network that works in many steps and follows a text: what a spec of the format ``"diffusers"`` gives."""

    def run(
        self,
        x: Array,
        cancelled: Callable[[], bool] = ...,
        *,
        prompt: str = "",
        progress: Callable[[float], None] = ...,
    ) -> Array:
        """Return the network's output for one input; otherwise as `Network.run`.

        Parameters
        ----------
        x, cancelled
            As `Network.run` takes them.
        prompt : str
            What to put into the holes; may be empty.
        progress : callable
            Called after every step with the share that is done, in [0, 1]; what it raises ends the work.
        """


class OpenVinoNetwork:
    """A network on the CPU."""

    device: Device = "cpu"

    def __init__(self, spec: ModelSpec, model: openvino.CompiledModel, precision: Precision) -> None:
        self.spec = spec
        self.precision = precision
        self._model = model
        self._of_thread = threading.local()  # a request holds its output, which is too large to copy without need
        self._lock = threading.Lock()  # one request already uses every core

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return the network's output; see `Network`."""
        output: Array = self._infer([np.ascontiguousarray(x)], cancelled)  # of pictures: (1, H, W, C)
        return output.transpose(0, 3, 1, 2) if output.ndim == x.ndim else output

    def rest(self) -> None:
        """Free the requests, which hold the inference buffers."""
        self._of_thread = threading.local()

    def _infer(self, inputs: Sequence[NDArray[Any]], cancelled: Callable[[], bool]) -> NDArray[Any]:
        """Return the first output; see `Network.run` for what is raised."""
        with self._lock:
            request = self._request()
            try:
                request.start_async(dict(enumerate(inputs)))
                while not request.wait_for(POLL_MS):
                    if cancelled():
                        request.cancel()
                        request.wait()
                result: NDArray[Any] = request.get_output_tensor(0).data
            except RuntimeError as error:
                if cancelled():
                    msg = "The work was cancelled while a network ran."
                    raise Cancelled(msg) from error
                _fail(self.spec, inputs[0], error)
        return result

    def _request(self) -> openvino.InferRequest:
        """Return the request of this thread."""
        own = self._of_thread  # another thread may free the requests meanwhile
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
        """Do nothing: torch keeps memory for all networks together."""

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return the network's output; see `Network`."""
        import torch

        try:
            with torch.inference_mode():
                tensor = torch.from_numpy(np.ascontiguousarray(x)).to("cuda", self._dtype)
                output = self._module(tensor.contiguous(memory_format=torch.channels_last))
                if output.ndim == x.ndim:  # pictures, which are wanted pixel by pixel: the card transposes them faster
                    output = output.contiguous(memory_format=torch.channels_last)
                result: Array = output.float().cpu().numpy()
                return result
        except RuntimeError as error:  # torch.cuda.OutOfMemoryError is one too
            _fail(self.spec, x, error)


def _fail(spec: ModelSpec, x: NDArray[Any], error: RuntimeError) -> NoReturn:
    """Raise MemoryError where the memory ran out, else InferenceFailed."""
    size = f"{x.shape[3]}x{x.shape[2]}"
    if any(sign in str(error).lower() for sign in ("out of memory", "bad_alloc", "allocate")):
        msg = f"{spec.title} does not fit into memory at {size} pixels."
        raise MemoryError(msg) from error
    _LOG.error("%s failed at %s pixels.", spec.title, size, exc_info=error)
    msg = f"{spec.title} failed at {size} pixels. Try another device or precision, or report this with the log."
    raise InferenceFailed(msg) from error
