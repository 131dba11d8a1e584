from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from models.errors import CheckpointMismatch, ModelError, WeightsCorrupt, WeightsMissing
from models.networks.srvgg import SRVGG
from pipeline.errors import OptionError
from tests.training.networks import vgg16
from tests.training.scenes import write_photographs
from training.checkpoints import Run, build
from training.learning.discriminator import Adversary
from training.learning.muon import Muon
from training.learning.precision import has_bfloat16
from training.loop import rate
from training.settings import Settings
from training.tasks.colorize import COLORIZE
from training.tasks.fill import FILL
from training.tasks.repair import REPAIR
from training.tasks.task import DEBLUR, DENOISE, DEPTH, EXTRAS, upscale
from training.train import train

TASK = replace(upscale(2), features=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("photographs"), 6, size=48)


@pytest.fixture
def settings(folder, tmp_path):
    return Settings(data=(folder,), out=tmp_path / "run", steps=6, batch=2, patch=32, held_out=1, workers=0)


def average(checkpoint):
    return torch.load(checkpoint, weights_only=True)["average"]


def save(network, path):
    safetensors.torch.save_file(network.state_dict(), path)
    return path


def interrupted_at(patch):
    """The task, but somebody presses Ctrl-C when this patch is made."""
    made = 0

    def damage(image, rng):
        nonlocal made
        made += 1
        if made > patch:
            raise KeyboardInterrupt
        return TASK.damage(image, rng)

    return replace(TASK, damage=damage)


def test_training_brings_the_loss_down(folder, tmp_path, capsys):
    settings = Settings(
        data=(folder,), out=tmp_path, steps=150, batch=4, patch=32, held_out=1, workers=0,
        threads=1, validate_every=15,
    )  # fmt: skip
    train(TASK, settings)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    quality = [float(line.split("psnr")[1].split()[0]) for line in lines]
    assert len(lines) == 10
    assert quality[-1] > quality[0] + 1


def test_an_interrupted_run_goes_on_exactly(settings, tmp_path):
    straight = average(train(TASK, settings))
    broken = replace(settings, out=tmp_path / "broken")
    train(interrupted_at(3 * settings.batch), broken)
    checkpoint = torch.load(broken.out / "last.pt", weights_only=True)
    assert checkpoint["step"] == 3
    resumed = average(train(TASK, replace(broken, resume=True)))
    assert all(torch.equal(straight[key], resumed[key]) for key in straight)


def test_an_interrupted_run_draws_the_same_squares_for_the_perceptual_loss(tmp_path, monkeypatch):
    monkeypatch.setattr("training.tasks.task.VALIDATION_PATCHES", 2)
    torch.save(vgg16(), tmp_path / "vgg16.pth")
    settings = Settings(
        data=(write_photographs(tmp_path / "photographs", 2, size=112),), out=tmp_path / "run", steps=4, batch=2,
        patch=112, held_out=1, workers=0, losses=(("perceptual", 1.0),), vgg16=tmp_path / "vgg16.pth", threads=1,
    )  # fmt: skip
    straight = average(train(TASK, settings))
    broken = replace(settings, out=tmp_path / "broken")
    train(interrupted_at(2 * settings.batch), broken)
    torch.rand(7)
    resumed = average(train(TASK, replace(broken, resume=True)))
    assert all(torch.equal(straight[key], resumed[key]) for key in straight)


def test_there_must_be_something_to_go_on_from(settings):
    with pytest.raises(WeightsMissing, match="--resume"):
        train(TASK, replace(settings, resume=True))
    train(TASK, replace(settings, steps=1))
    with pytest.raises(CheckpointMismatch, match="of this network"):
        train(replace(TASK, features=4), replace(settings, resume=True))


def test_other_processes_make_the_same_patches(settings, tmp_path):
    here = average(train(TASK, settings))
    there = average(train(TASK, replace(settings, out=tmp_path / "there", workers=1)))
    assert all(torch.equal(here[key], there[key]) for key in here)


def test_minutes_end_a_run_too(settings):
    checkpoint = train(TASK, replace(settings, steps=0, minutes=0.001))
    assert torch.load(checkpoint, weights_only=True)["step"] >= 1


def test_a_run_starts_from_a_files_weights(settings, tmp_path):
    source = SRVGG(num_feat=8, num_conv=DEPTH, scale=2)
    start = save(source, tmp_path / "start.safetensors")
    trained = average(train(TASK, replace(settings, start=start, steps=1, learning_rate=1e-9)))
    for key, tensor in source.state_dict().items():
        assert trained[key] == pytest.approx(tensor, abs=1e-6)


def test_the_body_of_another_scale_is_taken_and_that_is_said(settings, tmp_path, capsys):
    source = SRVGG(num_feat=8, num_conv=DEPTH, scale=4)
    start = save(source, tmp_path / "start.safetensors")
    trained = average(train(TASK, replace(settings, start=start, steps=1, learning_rate=1e-9)))
    assert trained["body.2.weight"] == pytest.approx(source.state_dict()["body.2.weight"], abs=1e-6)
    assert f"body.{2 * DEPTH + 2}.bias, body.{2 * DEPTH + 2}.weight" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [{"num_feat": 16, "num_conv": DEPTH}, {"num_feat": 8, "num_conv": DEPTH + 1}])
def test_a_network_of_another_size_is_refused(settings, tmp_path, wrong):
    start = save(SRVGG(**wrong, scale=2), tmp_path / "start.safetensors")
    with pytest.raises(CheckpointMismatch, match=r"body\."):
        train(TASK, replace(settings, start=start))


def test_files_that_are_missing_or_broken_are_refused(settings, tmp_path):
    with pytest.raises(WeightsMissing):
        train(TASK, replace(settings, start=tmp_path / "none.safetensors"))
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(WeightsCorrupt):
        train(TASK, replace(settings, start=tmp_path / "broken.safetensors"))


def test_distilling_follows_the_teacher(settings, tmp_path):
    teacher = SRVGG(num_feat=4, num_conv=1, scale=4)
    with torch.no_grad():  # a teacher that answers black to everything
        for tensor in teacher.parameters():
            tensor.zero_()
        teacher.body[-1].bias.fill_(-2)
    distilling = replace(
        settings, teacher=save(teacher, tmp_path / "teacher.safetensors"), pool=4,
        steps=200, learning_rate=0.05,
    )  # fmt: skip
    network = SRVGG(num_feat=8, num_conv=DEPTH, scale=2)
    task = replace(TASK, damage=lambda image, rng: np.clip(TASK.damage(image, rng) + 0.1, 0, 1))
    network.load_state_dict(average(train(task, distilling)))
    with torch.inference_mode():
        assert network(torch.full((1, 3, 8, 8), 0.5)).mean() < 0.2


def test_a_resumed_run_uses_the_pool_that_it_made(settings):
    pooled = replace(settings, pool=4)
    train(TASK, replace(pooled, steps=3))
    pool = settings.out / "pool" / "goal.npy"
    made = pool.stat().st_mtime_ns
    train(TASK, replace(pooled, resume=True))
    assert pool.stat().st_mtime_ns == made
    train(TASK, pooled)
    assert pool.stat().st_mtime_ns > made


def test_an_adversary_learns_beside_the_network_and_goes_on_with_it(settings, tmp_path):
    fought = replace(settings, losses=(("l1", 1.0), ("adversarial", 0.1)))
    straight = torch.load(train(TASK, fought), weights_only=True)
    plain = average(train(TASK, replace(settings, out=tmp_path / "plain")))
    assert any(not torch.equal(straight["average"][key], plain[key]) for key in plain)
    out = tmp_path / "broken"
    train(interrupted_at(3 * settings.batch), replace(fought, out=out))
    resumed = torch.load(train(TASK, replace(fought, out=out, resume=True)), weights_only=True)
    for key, tensor in straight["adversary"]["discriminator"].items():
        assert torch.equal(tensor, resumed["adversary"]["discriminator"][key])


@pytest.mark.parametrize("task", [upscale(1), DEBLUR, DENOISE], ids=lambda task: task.name)
def test_restorers_keep_the_size(task, settings):
    network = build(average(train(replace(task, features=4), replace(settings, steps=1))))
    with torch.inference_mode():
        assert network(torch.rand(1, 3 * network.pictures, 16, 24)).shape == (1, 3, 16, 24)


def test_a_loss_that_is_no_number_stops_the_run(settings):
    with pytest.raises(ModelError, match="--learning-rate"):
        train(TASK, replace(settings, learning_rate=1e30, steps=50))


UNSUPPORTED = [(task, name) for task in (COLORIZE, FILL, REPAIR, DENOISE) for name in EXTRAS if name not in task.extras]


@pytest.mark.parametrize(("task", "extra"), UNSUPPORTED, ids=lambda value: getattr(value, "name", value))
def test_a_setting_that_a_task_does_not_support_is_refused(settings, task, extra):
    paths = {name: Path(f"{name}.file") for name in ("teacher", "shapes", "recogniser")}
    value = {"pool": 100, "rebalance": 0.5, **paths}[extra]
    others = {"pool": 100} if extra == "teacher" else {}
    supporting = replace(task, extras=task.extras | others.keys())
    with pytest.raises(OptionError, match=f"support --{extra}"):
        train(supporting, replace(settings, losses=((task.losses[0], 1.0),), **others, **{extra: value}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"losses": (("beauty", 1.0),)},
        {"losses": (("perceptual", 1.0),)},
        {"teacher": Path("x4.safetensors")},
        {"average": 1.0},
        {"batch": 0},
        {"patch": 8},
    ],
)
def test_settings_that_cannot_be_are_refused(settings, wrong):
    with pytest.raises(OptionError):
        replace(settings, **wrong)


def test_a_patch_that_the_scale_does_not_divide_is_refused(settings):
    with pytest.raises(OptionError, match="multiple of 4"):
        train(upscale(4), replace(settings, patch=34))


def test_the_rate_rises_then_falls():
    assert rate(0, step=0) < 0.02
    assert rate(0, step=1000) == pytest.approx(1)
    assert rate(0.5, step=1000) == pytest.approx(0.505)
    assert rate(1, step=1000) == pytest.approx(0.01)


def test_a_checkpoint_with_its_discriminator_stays_below_16_megabytes(tmp_path):
    network = upscale(4).network()
    run = Run(network, network, Muon(network.parameters(), lr=0.1), Adversary(torch.device("cpu")))
    answer = network(torch.rand(1, 3, 8, 8))
    (answer.mean() + run.adversary.loss(answer, answer.detach())).backward()
    run.optimizer.step()
    run.adversary.learn()
    run.save(tmp_path / "last.pt")
    assert 8_000_000 < (tmp_path / "last.pt").stat().st_size < 16_000_000


def test_bfloat16_is_for_processors_that_have_it():
    with_it = torch.cpu.get_capabilities()
    expected = with_it.get("avx512_bf16", False) or with_it.get("amx_bf16", False)
    assert has_bfloat16(torch.device("cpu")) == expected
