"""What the face finder and the face embedding learn from, and that they learn."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from models.networks import face_embedding, face_finder
from models.networks.face_embedding import FaceEmbedding
from models.networks.face_finder import STRIDES, FaceFinder
from pipeline.methods import faces
from pipeline.methods.alignment import ARCFACE, FFHQ
from tests.training.faces import POINTS, marked, write_labelled, write_pictures, write_teacher
from tests.training.interrupted import stopped_after
from training.damage import portraits_on_card
from training.learning import mosaics, norms, templates
from training.learning.mosaics import Labelled, Mosaics
from training.settings import Schedule
from training.tasks import find, identify
from training.weights import load_state


def test_points_follow_their_picture_when_it_is_turned_and_mirrored() -> None:
    """In a mirror, what was a person's left eye is the right one: it is on the left of the picture again."""
    mirrored = []
    for seed in range(60):
        pixels, rows = mosaics._cell(marked(), 120, 120, np.random.default_rng(seed))
        points = rows[:, 4:14].reshape(-1, 5, 2)
        if len(rows) and rows[0, 14] and rows[0, 2] > 30 and points.min() > 2 and points.max() < 118:
            right, left = (int(pixels[int(y), int(x)].argmax()) for x, y in points[0, :2])
            assert {right, left} == {0, 1}
            assert points[0, 0, 0] < points[0, 1, 0]
            mirrored.append(right == 1)
    assert 3 < sum(mirrored) < len(mirrored) - 3


def test_faces_that_are_cut_off_or_tiny_are_neither_faces_nor_background() -> None:
    rows = np.concatenate([marked().rows] * 3)
    rows[1, :2] -= (45, 0)  # a fifth to a half is left in the cell
    rows[2, 2:4] = 5
    place = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    sure = mosaics._moved(rows, place, 1.0, 100, 90)[:, 14]
    assert sure.tolist() == [1, 0, 0]


@pytest.mark.parametrize(("width", "maps"), [(10, {8}), (32, {8, 16}), (60, {16}), (150, {32})])
def test_a_face_is_learnt_on_the_maps_of_its_size(width: int, maps: set[int]) -> None:
    rows = torch.full((1, mosaics.MOST, 15), -1.0)
    rows[0, 0] = torch.tensor([90 - width / 2, 80 - width / 2, width, width, *[0.0] * 10, 1])
    index, counts = find.assigned(rows, 256)
    places, strides = find.middles(256, torch.device("cpu"))
    assert set(strides[index[0] == 0].int().tolist()) == maps
    assert (places[index[0] == 0] - torch.tensor([90.0, 80.0])).abs().amax() <= find.NEAR * max(maps)
    assert counts[0][index[0] == 0].all()


def test_cells_in_an_unsure_face_do_not_count() -> None:
    rows = torch.full((1, mosaics.MOST, 15), -1.0)
    rows[0, 0] = torch.tensor([64, 64, 64, 64, *[0.0] * 10, 0])
    index, counts = find.assigned(rows, 256)
    places, _ = find.middles(256, torch.device("cpu"))
    inside = ((places > 64) & (places < 128)).all(1)
    assert (index == -1).all()
    assert torch.equal(counts[0], ~inside)


def test_a_perfect_answer_has_no_loss_of_place() -> None:
    """Boxes and points that the training wants are those that the studio reads."""
    canvas, rows = torch.zeros(1, 3, 256, 256, dtype=torch.uint8), torch.full((1, mosaics.MOST, 15), -1.0)
    rows[0, 0] = torch.from_numpy(marked().rows[0])
    index, _ = find.assigned(rows, 256)
    places, _ = find.middles(256, torch.device("cpu"))
    near, far = places - rows[0, 0, :2], rows[0, 0, :2] + rows[0, 0, 2:4] - places
    points = rows[0, 0, 4:14] - places.repeat(1, 5)
    logits = torch.where(index[0] >= 0, 20.0, -20.0)[:, None]
    answer = torch.cat([logits, near, far, points], 1)[None]

    class Perfect:
        def logits(self, _: torch.Tensor) -> torch.Tensor:
            return answer

    terms = find.loss(Perfect(), (canvas, rows))  # type: ignore[arg-type]
    assert all(float(term) == pytest.approx(0, abs=1e-4) for term in terms.values())
    answer[..., 0] = answer[..., 0].sigmoid()
    (best,) = faces._best(faces._placed(answer[0].numpy(), 256, 256))
    assert best[1:5] == pytest.approx([30, 20, 70, 70], abs=1e-3)
    assert best[5:] == pytest.approx(np.ravel(POINTS), abs=1e-3)


def test_the_studio_knows_the_strides_of_the_network() -> None:
    assert faces.STRIDES == STRIDES


@pytest.mark.parametrize("network", [FaceFinder(), FaceEmbedding()])
def test_norms_are_folded_without_a_change_of_answers(network: FaceFinder | FaceEmbedding) -> None:
    x = torch.rand(4, 3, 112, 112)
    x = x if isinstance(network, FaceEmbedding) else x[..., :96, :96]
    normed = norms.with_norms(network, ("heads", "vector"))
    normed.train()(x)
    plain = norms.folded(normed)
    assert plain.state_dict().keys() == network.state_dict().keys()
    torch.testing.assert_close(plain(x), normed.eval()(x), atol=1e-4, rtol=1e-4)


def test_a_finder_is_trained_from_a_table_of_faces(tmp_path: Path) -> None:
    data, table = tmp_path / "p.tar", tmp_path / "l.csv"
    write_labelled(data, table)
    last = find.train([data], [table], Schedule(out=tmp_path, steps=3, batch=2, workers=0))
    state = load_state(last)
    assert face_finder.detect(state)
    assert face_finder.build(state)(torch.rand(1, 3, 64, 96)).shape == (1, 8 * 12 + 4 * 6 + 2 * 3, 15)


def test_an_embedding_learns_from_its_teacher(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = tmp_path / "f.tar"
    write_pictures(data, {f"{i:02}.png": rng.integers(0, 256, (64, 64, 3), np.uint8) for i in range(14)})
    assert len(identify.read(data)) == 12
    assert len(identify.read(data, held_out=True)) == 2
    teacher = write_teacher(tmp_path / "face.onnx")
    last = identify.train(data, teacher, Schedule(out=tmp_path, steps=3, batch=8))
    assert face_embedding.detect(load_state(last))
    assert face_embedding.detect(load_state(tmp_path / "average.safetensors"))


@pytest.mark.parametrize("task", [find, identify])
def test_an_interrupted_run_goes_on_exactly(task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_labelled(tmp_path / "p.tar", tmp_path / "l.csv")
    rng = np.random.default_rng(0)
    write_pictures(tmp_path / "f.tar", {f"{i}.png": rng.integers(0, 256, (64, 64, 3), np.uint8) for i in range(4)})
    write_teacher(tmp_path / "face.onnx")
    data = (
        ([tmp_path / "p.tar"], [tmp_path / "l.csv"]) if task is find else (tmp_path / "f.tar", tmp_path / "face.onnx")
    )
    straight, broken = (Schedule(out=tmp_path / name, steps=4, batch=2, workers=0) for name in ("straight", "broken"))
    expected = load_state(task.train(*data, straight))
    with monkeypatch.context() as patch:
        patch.setattr(task, "loss", stopped_after(2, task.loss))
        task.train(*data, broken)
    resumed = load_state(task.train(*data, replace(broken, resume=True)))
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)


def test_a_face_is_cut_as_the_template_says() -> None:
    """Marks at FFHQ's places come to ArcFace's places, but for the small random shifts."""
    face = torch.zeros(1, 3, 192, 192, dtype=torch.uint8)
    for x, y in FFHQ * 192:
        face[..., round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = 255
    many = face.expand(256, -1, -1, -1)
    torch.manual_seed(0)
    mean = templates.placed(many, many).mean((0, 1))
    for x, y in ARCFACE * 112:
        around = mean[int(y) - 12 : int(y) + 13, int(x) - 12 : int(x) + 13]
        assert around.mean() > 3 * mean.mean()


def test_jpeg_is_close_to_the_picture_and_damage_stays_in_range() -> None:
    torch.manual_seed(0)
    smooth = torch.linspace(0, 1, 112).expand(8, 3, 112, 112)
    assert (portraits_on_card.jpeg(smooth) - smooth).abs().mean() < 0.05
    damaged = portraits_on_card.damage(torch.rand(32, 3, 112, 112))
    assert damaged.shape == (32, 3, 112, 112)
    assert 0 <= float(damaged.min()) <= float(damaged.max()) <= 1


def test_mosaics_depend_on_their_number_alone() -> None:
    blank = Labelled(np.zeros((64, 64, 3), np.uint8), np.zeros((0, 15), np.float32))
    first, second = (Mosaics([marked(), blank], 256, 10, seed=3)[4] for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_embeddings_have_length_1() -> None:
    vectors = face_embedding.build(FaceEmbedding().state_dict())(torch.rand(3, 3, 112, 112))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
