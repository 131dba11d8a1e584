"""The face embedding to learn from: MobileFaceNet as its ONNX file describes it, run with torch.

References
----------
.. [1] S. Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices",
   CCBR 2018.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import CheckpointMismatch
from training.learning import onnx_graph
from training.learning.onnx_graph import Graph, Node

SIDE = 112
"""Side in pixels of a face aligned by ArcFace's template."""
MID_SIDES = (28, 14)
"""Sides of the two feature maps, a quarter and an eighth of a face's."""
KINDS = {"Conv", "Clip", "Relu", "Add", "Reshape"}
"""Operations that it consists of."""


class Embedding(nn.Module):
    """A face embedding with fixed weights, through which gradients reach the picture.

    Parameters
    ----------
    graph : Graph
        A network of `KINDS` from faces of 112 x 112 pixels to vectors.

    Raises
    ------
    CheckpointMismatch
        If it has other operations.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        if unknown := {node.kind for node in graph.nodes} - KINDS:
            msg = f"Expected MobileFaceNet, got a network with the operation {min(unknown)}. Choose another file."
            raise CheckpointMismatch(msg)
        self.nodes = graph.nodes
        self.names = {name: f"tensor{number}" for number, name in enumerate(graph.tensors)}
        for name, tensor in graph.tensors.items():
            self.register_buffer(self.names[name], tensor)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return embeddings and mid feature maps.

        Parameters
        ----------
        x : Tensor, shape (N, 3, 112, 112)
            RGB in [0, 1], faces aligned by ArcFace's template.

        Returns
        -------
        vectors : Tensor, shape (N, 128)
            Of length 1; the cosine of two faces is their product.
        maps : list of Tensor, shapes (N, 64, 28, 28) and (N, 128, 14, 14)
            The last sums of residual blocks at these sizes.
        """
        value = (x * 255 - 127.5) / 128
        values: dict[str, Tensor] = {self.nodes[0].inputs[0]: value}
        maps: dict[int, Tensor] = {}
        for node in self.nodes:
            value = self._run(node, [self._value(name, values) for name in node.inputs])
            values[node.output] = value
            if node.kind == "Add":
                maps[value.shape[-1]] = value
        return functional.normalize(value.float()), [maps[side] for side in MID_SIDES]

    def _value(self, name: str, values: dict[str, Tensor]) -> Tensor:
        return values[name] if name in values else self.get_buffer(self.names[name])

    @staticmethod
    def _run(node: Node, given: list[Tensor]) -> Tensor:
        if node.kind == "Conv":
            x, kernels, bias = given
            settings = node.numbers
            strides, padding, groups = list(settings["strides"]), list(settings["pads"][:2]), settings["group"][0]
            return functional.conv2d(x, kernels, bias, strides, padding, groups=groups)
        if node.kind == "Clip":
            return functional.relu6(given[0])
        if node.kind == "Relu":
            return functional.relu(given[0])
        return given[0] + given[1] if node.kind == "Add" else given[0].flatten(1)


def load(path: Path, device: torch.device | str) -> Embedding:
    """Return MobileFaceNet from its ONNX file, in eval mode and without gradients of its weights.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If there is no file, it is not ONNX, or it holds another network.
    """
    return Embedding(onnx_graph.read(path)).to(device).eval()
