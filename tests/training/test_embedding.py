"""The reader of ONNX files, against OpenVINO's, and the embedding that faces are compared by."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from tests.training.faces import write_teacher
from training.learning import embedding, onnx_graph


def test_answers_as_openvino_does(tmp_path: Path) -> None:
    path = write_teacher(tmp_path / "face.onnx")
    face = np.random.default_rng(1).random((1, 3, 112, 112), np.float32)
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    expected = openvino.Core().compile_model(path, "CPU", hints)((face * 255 - 127.5) / 128)[0][0]
    vectors, maps = embedding.load(path, "cpu")(torch.from_numpy(face))
    np.testing.assert_allclose(vectors[0].numpy(), expected / np.linalg.norm(expected), atol=1e-5)
    assert [tuple(part.shape[2:]) for part in maps] == [(28, 28), (14, 14)]


def test_gradients_reach_the_picture(tmp_path: Path) -> None:
    face = torch.rand(1, 3, 112, 112, requires_grad=True)
    embedding.load(write_teacher(tmp_path / "face.onnx"), "cpu")(face)[0].sum().backward()
    assert face.grad is not None
    assert face.grad.abs().max() > 0


def test_names_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="none"):
        onnx_graph.read(tmp_path / "none.onnx")
    path = write_teacher(tmp_path / "face.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsCorrupt, match="damaged"):
        onnx_graph.read(path)
    with pytest.raises(CheckpointMismatch, match="Sigmoid"):
        embedding.load(write_teacher(tmp_path / "other.onnx", last="Sigmoid"), "cpu")
