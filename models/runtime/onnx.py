"""Networks in ONNX files, and those that fill holes: MI-GAN's pipeline and LaMa, as their authors publish them.

References
----------
.. [1] A. Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023: 8-bit pictures
   of any size, and a mask that is 255 where the picture is known.
.. [2] R. Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions" (LaMa), WACV 2022: in
   ONNX, pictures of 512 x 512 in [0, 1], a mask that is 1 in the hole, and an output in [0, 255].
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino
from numpy.typing import NDArray

from models.errors import CheckpointMismatch, WeightsCorrupt
from models.files import weights
from models.runtime import compiled, graphs
from models.runtime.network import Array, OpenVinoNetwork, Precision
from models.spec import ModelSpec


class OnnxFiller(OpenVinoNetwork):
    """A filler on the CPU, which brings pictures to the size and type that its graph takes."""

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return the filled picture, RGB in [0, 1]; outside the holes it is not the picture exactly.

        Parameters
        ----------
        x : ndarray of float32, shape (1, 4, H, W)
            Photo and mask.
        cancelled : callable
            Asked while the network runs.
        """
        picture, hole = x[:, :3], x[:, 3:] > 0
        given = self._model.input(0)
        if given.get_element_type() == openvino.Type.u8:
            eight_bits = (np.ascontiguousarray(picture) * 255 + 0.5).astype(np.uint8)
            answer = self._infer([eight_bits, np.where(hole, 0, 255).astype(np.uint8)], cancelled)
        else:
            sides = [dimension.get_length() for dimension in given.get_partial_shape()][2:]
            small = (_resized(hole, *sides) > 0).astype(np.float32)
            answer = self._infer([_resized(picture, *sides), small], cancelled)
        return np.clip(_resized(answer, *x.shape[2:]) / 255, 0.0, 1.0)


def load(spec: ModelSpec, precision: Precision) -> OnnxFiller:
    """Return the filler in an ONNX file, ready to run.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If there is no file, it is not ONNX, or it holds another network.
    """
    return OnnxFiller(spec, compiled.load(spec, 1.0, precision, lambda: _graph(spec)), precision)


def read(path: Path) -> openvino.Model:
    """Return the graph in an ONNX file.

    Raises
    ------
    WeightsCorrupt
        If it is not ONNX.
    """
    try:
        return graphs.core().read_model(path)
    except RuntimeError as error:
        msg = f"Expected an ONNX network in {path}, got a file that is damaged or of another kind. Choose another."
        raise WeightsCorrupt(msg) from error


def _graph(spec: ModelSpec) -> openvino.Model:
    path = weights.find(spec)
    graph = read(path)
    shapes = [given.get_partial_shape() for given in graph.inputs]
    fits = len(shapes) == 2 and all(shape.rank == 4 for shape in shapes)
    if not fits or not (graph.input(0).get_element_type() == openvino.Type.u8 or shapes[0].is_static):
        got = ", ".join(str(shape) for shape in shapes)
        msg = (
            f"Expected MI-GAN's pipeline or LaMa in {path}, which take a picture and a mask, got a "
            f"network with inputs of shape {got}. Choose another file."
        )
        raise CheckpointMismatch(msg)
    return graph


def _resized(x: NDArray[Any], height: int, width: int) -> Array:
    """Resize (1, C, h, w)."""
    plane = np.ascontiguousarray(x[0].transpose(1, 2, 0), np.float32)
    kind = cv2.INTER_AREA if height < plane.shape[0] else cv2.INTER_LINEAR
    resized = cv2.resize(plane, (width, height), interpolation=kind).reshape(height, width, -1)
    return np.ascontiguousarray(resized.transpose(2, 0, 1)[None])
