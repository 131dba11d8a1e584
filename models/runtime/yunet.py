"""YuNet, the face finder of OpenCV's model zoo, run by OpenVINO from the ONNX file that its authors publish.

References
----------
.. [1] W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
"""

from collections.abc import Callable

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as operations

from models.errors import CheckpointMismatch
from models.files import weights
from models.runtime import compiled, onnx
from models.runtime.network import Array, OpenVinoNetwork, Precision
from models.spec import ModelSpec

STRIDES = (8, 16, 32)
"""Sides of the cells of its three maps, in pixels."""
_PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""Its outputs for each map, and their numbers for each cell: two factors of the score, box, and five points."""


class YuNet(OpenVinoNetwork):
    """YuNet on the CPU, which takes and answers what the bundled finder does."""

    def run(self, x: Array, cancelled: Callable[[], bool] = lambda: False) -> Array:
        """Return scores, boxes and points, as `models.networks.face_finder.FaceFinder.forward` does.

        Parameters
        ----------
        x : ndarray of float32, shape (N, 3, H, W)
            RGB in [0, 1]; both sides are multiples of 32.
        cancelled : callable
            Asked while the network runs.

        Returns
        -------
        ndarray of float32, shape (N, cells, 15)
        """
        blue_first = np.ascontiguousarray(x[:, ::-1] * np.float32(255))
        cells = sum((x.shape[2] // stride) * (x.shape[3] // stride) for stride in STRIDES)
        answers = np.empty((len(x), cells, 15), np.float32)
        for index in range(len(x)):  # its graph takes one picture
            answers[index] = _decoded(self._infer([blue_first[index : index + 1]], cancelled)[0], *x.shape[2:])
        return answers


def load(spec: ModelSpec, precision: Precision) -> YuNet:
    """Return YuNet, ready to run.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If there is no file, it is not ONNX, or it holds another network.
    """
    return YuNet(spec, compiled.load(spec, 1.0, precision, lambda: _graph(spec)), precision)


def _graph(spec: ModelSpec) -> openvino.Model:
    """Return the graph for pictures of any size, its twelve outputs side by side in one: (1, cells, 16)."""
    path = weights.find(spec)
    graph = onnx.read(path)
    outputs = {name: output for output in graph.outputs for name in output.get_names()}
    if not outputs.keys() >= {f"{part}_{stride}" for part in _PARTS for stride in STRIDES}:
        msg = f"Expected YuNet of March 2023 in {path}, got another network. Choose another file."
        raise CheckpointMismatch(msg)
    graph.reshape([1, 3, -1, -1])
    maps = [
        operations.concat([outputs[f"{part}_{stride}"].get_node().input_value(0) for part in _PARTS], 2)
        for stride in STRIDES
    ]
    return openvino.Model([operations.concat(maps, 1)], graph.get_parameters(), "YuNet")


def _decoded(answer: NDArray[np.float32], height: int, width: int) -> Array:
    """Return what the network says of each cell, in cells of its map, as a score and distances in pixels."""
    counts = [(height // stride) * (width // stride) for stride in STRIDES]
    stride = np.repeat(np.array(STRIDES, np.float32), counts)[:, None]
    score = np.sqrt(np.clip(answer[:, :1], 0, 1) * np.clip(answer[:, 1:2], 0, 1))
    middle, half = answer[:, 2:4] - 0.5, np.exp(answer[:, 4:6]) / 2
    return np.concatenate(
        [score, stride * (half - middle), stride * (half + middle), stride * (answer[:, 6:] - 0.5)], 1
    )
