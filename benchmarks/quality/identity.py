"""Identity: how alike two pictures of an aligned face are to networks that tell persons apart."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from models import catalog
from models.errors import CheckpointMismatch, WeightsMissing
from models.runtime import graphs, onnx
from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.methods import alignment, likeness
from pipeline.methods.alignment import ARCFACE, FFHQ
from pipeline.methods.faces import EMBEDDER

Measure = Callable[[Image, Image], float]
Embed = Callable[[Image], NDArray[np.float32]]


def measures(engine: Engine, recogniser: Path | None = None) -> Mapping[str, Measure]:
    """Return measures of two aligned faces by their names: cosines of embeddings, where higher is better.

    Parameters
    ----------
    engine : Engine
        Runs the bundled embedding, by which the stage Faces itself decides.
    recogniser : Path, optional
        An ONNX network that neither training nor stage has used, such as SFace. It takes faces of 112x112 pixels by
        ArcFace's template.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If the file is not there, is not ONNX, or holds another kind of network.
    """
    bundled = engine.network(catalog.get(EMBEDDER))
    found = {"identity": partial(_cosine, lambda face: likeness.embedding(face, FFHQ * face.shape[0], bundled))}
    if recogniser is not None:
        found[f"identity, {recogniser.stem}"] = partial(_cosine, _embedder(recogniser))
    return found


def _cosine(embed: Embed, result: Image, truth: Image) -> float:
    return float(embed(result) @ embed(truth))


def _embedder(path: Path) -> Embed:
    """Return what gives the unit vector of an aligned face by an ONNX network."""
    if not path.is_file():
        msg = f"Expected an ONNX network at {path}, found no file. Check --recogniser."
        raise WeightsMissing(msg)
    graph = onnx.read(path)
    shapes = [given.get_partial_shape() for given in graph.inputs]
    if len(shapes) != 1 or not shapes[0].compatible(openvino.PartialShape([1, 3, likeness.SIDE, likeness.SIDE])):
        msg = f"Expected a network for faces of 112x112 pixels in {path}, got one that takes {shapes}. Choose another."
        raise CheckpointMismatch(msg)
    scales_itself = any(user.get_node().get_type_name() == "Subtract" for user in graph.input(0).get_target_inputs())
    compiled = graphs.core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": openvino.Type.f32})

    def embed(face: Image) -> NDArray[np.float32]:
        matrix = alignment.align(FFHQ * face.shape[0], ARCFACE, likeness.SIDE)
        crop = 255 * alignment.cut(face, matrix, likeness.SIDE).transpose(2, 0, 1)[None]
        given = crop if scales_itself else (crop - 127.5) / 128  # as SFace, and as MobileFaceNet and ArcFace
        vector = compiled(np.ascontiguousarray(given, np.float32))[0].reshape(-1)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

    return embed
