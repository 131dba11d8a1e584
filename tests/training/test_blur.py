import numpy as np
import pytest
import safetensors.torch
import torch

from models.networks.blur_estimator import SIDE, BlurEstimator, build
from models.runtime import graphs
from pipeline.methods.deconvolution import KINDS
from tests.training.interrupted import stopped_after
from tests.training.scenes import scene, write_photographs
from training.__main__ import main
from training.data import Photograph
from training.tasks import blur


@pytest.fixture(scope="module")
def photographs():
    return [Photograph(str(seed), (scene(300, 280, seed=seed) * 255).astype(np.uint8)) for seed in range(2)]


def test_answers_name_the_blur_of_their_spectrum(photographs):
    x, y = blur.measured(photographs, 30, seed=1)
    assert x.shape == (30, 1, SIDE, SIDE)
    kinds = y[:, 0].long()
    assert set(kinds.tolist()) == set(range(len(KINDS)))
    disks, lines = y[kinds == KINDS.index("defocus")], y[kinds == KINDS.index("motion")]
    assert ((disks[:, 1] >= 1) & (disks[:, 1] <= 4.5)).all()
    assert ((lines[:, 2] >= 4) & (lines[:, 2] <= 18)).all()
    assert lines[:, 3:].square().sum(1) == pytest.approx(1, abs=1e-4)


def test_the_same_seed_makes_the_same_spectra(photographs):
    first, second, other = (blur.measured(photographs, 2, seed=seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_only_what_a_kind_has_counts():
    truth = torch.tensor([[KINDS.index("defocus"), 3.6, 0, 0, 0]])
    answer = torch.tensor([[-9.0, 9, -9, 3.6, 9, 0.5, 0.5]])
    assert blur.loss(answer, truth) == pytest.approx(0, abs=1e-4)
    answer[0, 3] = 5.4
    assert blur.loss(answer, truth) > 0.5


def test_it_trains_and_its_export_answers_alike(tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 5, size=256)
    run = tmp_path / "run"
    options = ["--spectra", "16", "--epochs", "8", "--data", str(data), "--out", str(run)]
    assert main(["blur", *options]) == 0
    assert "step 2 " in (told := capsys.readouterr().out)
    assert "radius" in told
    trained = torch.load(run / "last.pt", weights_only=True)["average"]
    torch.manual_seed(0)
    assert all(not torch.equal(trained[key], first) for key, first in BlurEstimator().state_dict().items())
    assert main(["export", str(run / "last.pt"), "--out", str(tmp_path / "blur")]) == 0
    graph = graphs.core().compile_model(graphs.read(tmp_path / "blur.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    x = torch.randn(2, 1, SIDE, SIDE)
    expected = build(safetensors.torch.load_file(tmp_path / "blur.safetensors"))(x)
    assert graph(x.numpy())[0] == pytest.approx(expected.numpy(), abs=1e-3)


def test_an_interrupted_run_goes_on_exactly(tmp_path, monkeypatch):
    data = write_photographs(tmp_path / "photographs", 3, size=256)
    straight, broken = ({"data": data, "out": tmp_path / name, "spectra": 16, "epochs": 8} for name in "ab")
    expected = blur.train(**straight)
    with monkeypatch.context() as patch:
        patch.setattr(blur, "loss", stopped_after(1, blur.loss))
        blur.train(**broken)
    found = blur.train(**broken, resume=True)
    first, second = (torch.load(path, weights_only=True)["average"] for path in (expected, found))
    assert all(torch.equal(first[key], second[key]) for key in first)
