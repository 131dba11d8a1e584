"""YuNet's file, by a small graph with the same outputs, and by OpenCV's own detector where the file is here."""

import math

import cv2
import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from models import catalog
from models.errors import CheckpointMismatch, WeightsCorrupt
from models.files import weights
from models.runtime.engine import Engine
from pipeline.methods.faces import find
from tests.photographs import photograph

BOX = (0.75, 0.5, math.log(2), 0.0)
"""A cell's box: its middle a quarter of a cell to the right, two cells wide and one high."""
SPEC = catalog.get("yunet")
OFFICIAL = weights.location(SPEC)
"""Where a person keeps the file; tests have an empty folder of models."""


def write(path, *, kinds=("cls", "obj", "bbox", "kps")):
    """A network with YuNet's outputs: its score is the redness of each cell, boxes and points are the same in all."""
    picture = operations.parameter([1, 3, 64, 64], np.float32)
    red = operations.slice(picture, [2], [3], [1], axes=[1])
    outputs = []
    for kind, numbers in {"cls": (1,), "obj": (1,), "bbox": BOX, "kps": (0.5, 1.5) * 5}.items():
        for stride in (8, 16, 32):
            pooled = operations.avg_pool(red, [stride] * 2, [0, 0], [0, 0], [stride] * 2, exclude_pad=True)
            cells = operations.reshape(pooled, [1, -1, 1], special_zero=False)
            share = operations.divide(cells, np.float32(255))
            kept = share if numbers == (1,) else operations.multiply(share, np.float32(0))
            fixed = np.zeros((1, 1, 1), np.float32) if numbers == (1,) else np.float32(numbers)[None, None]
            output = operations.add(kept, fixed)
            output.output(0).get_tensor().set_names({f"{kind}_{stride}"})
            outputs += [output] if kind in kinds else []
    openvino.save_model(openvino.Model(outputs, [picture]), path.with_suffix(".xml"), compress_to_fp16=False)
    path.with_suffix(".xml").rename(path)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "verify", lambda spec, path: "")  # the digest is that of the official file
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    path = weights.location(SPEC)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_its_answers_are_those_of_the_bundled_finder_in_form(place):
    write(place)
    pictures = np.zeros((2, 3, 64, 96), np.float32)
    pictures[1, 0, :8, 8:16] = 1
    answers = Engine("cpu", "float32").network(SPEC).run(pictures)
    assert answers.shape == (2, 8 * 12 + 4 * 6 + 2 * 3, 15)
    assert answers[0, :, 0].max() == 0
    assert answers[1, 1, 0] == pytest.approx(1)
    assert np.count_nonzero(answers[1, : 8 * 12, 0] > 0.5) == 1
    np.testing.assert_allclose(answers[1, 1, 1:5], (6, 4, 10, 4), atol=1e-4)
    np.testing.assert_allclose(answers[1, 1, 5:], (0, 8) * 5, atol=1e-4)
    np.testing.assert_allclose(answers[1, -1, 1:5], (24, 16, 40, 16), atol=1e-4)


def test_another_network_is_refused(place):
    write(place, kinds=("cls", "obj"))
    with pytest.raises(CheckpointMismatch, match="YuNet of March 2023"):
        Engine("cpu", "float32").network(SPEC)
    place.write_bytes(b"no network")
    with pytest.raises(WeightsCorrupt, match="ONNX"):
        Engine("cpu", "float32").network(SPEC)


@pytest.mark.skipif(not OFFICIAL.is_file(), reason="needs YuNet's file: python -m pipeline models download yunet")
def test_it_finds_what_opencv_finds(monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(OFFICIAL.parent))
    photo = np.rint(photograph("astronaut", 512) * 255)
    detector = cv2.FaceDetectorYN.create(str(OFFICIAL), "", (512, 512))
    row = detector.detect(np.ascontiguousarray(photo[..., ::-1]).astype(np.uint8))[1][0]
    network = Engine("cpu", "float32").network(SPEC)
    answer = network.run((photo / 255).transpose(2, 0, 1)[None].astype(np.float32))[0]
    best = answer[:, 0].argmax()
    y, x = np.concatenate([np.mgrid[:cells, :cells].reshape(2, -1) + 0.5 for cells in (64, 32, 16)], 1)[:, best]
    middle = np.array([x, y]) * (8 if best < 64**2 else 16 if best < 64**2 + 32**2 else 32)
    left, top, right, bottom = answer[best, 1:5]
    np.testing.assert_allclose(answer[best, 0], row[14], atol=1e-3)
    np.testing.assert_allclose((*(middle - (left, top)), left + right, top + bottom), row[:4], atol=0.1)
    np.testing.assert_allclose(answer[best, 5:] + np.tile(middle, 5), row[4:14], atol=0.1)
    (face,) = find(photo.astype(np.float32) / 255, network)
    np.testing.assert_allclose(face.box, row[:4], atol=8)
