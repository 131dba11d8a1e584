import hashlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from models.families import bundled_colorizer
from models.files import bundled, weights
from models.networks import lite_encoder
from models.networks.fast_colorizer import CENTRES, ColorClassifier, FastColorizer, build
from models.networks.unet import UNet
from models.runtime import graphs
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import colour_measure
from pipeline.stages import Colorize
from tests.lite import official_state
from tests.photographs import photograph
from training.__main__ import main
from training.checkpoints import begin_from
from training.data import Photograph
from training.export import export
from training.learning import colour_classes, validation
from training.settings import Settings
from training.tasks import colour_patches
from training.tasks.colorize import COLORIZE

NAMES = ("astronaut", "coffee", "chelsea", "rocket")


def pixels(name, side=200):
    return (photograph(name, side) * 255).astype(np.uint8)


def keep(image, rng):
    return image


def patches_of(photographs, damage, count, seed):
    settings = Settings(data=(), out=None, steps=1, patch=64, losses=(("classes", 1.0),))
    return replace(COLORIZE, damage=damage).patches(photographs, settings, count, seed)


@pytest.fixture(scope="module")
def photographs():
    return [
        Photograph(name, colour_patches.fit(pixels(name), 64))
        for name in NAMES
        if colour_patches.fit(pixels(name), 64) is not None
    ]


# Photographs and prints


def test_photographs_are_brought_near_the_size_of_a_patch():
    assert min(colour_patches.fit(pixels("coffee", 400), 128).shape[:2]) == colour_patches.SHORT_SIDE
    assert min(colour_patches.fit(pixels("coffee", 96), 128).shape[:2]) == 128
    assert colour_patches.fit(pixels("coffee", 200), 128).shape == pixels("coffee", 200).shape


def test_photographs_without_colours_are_left_out():
    grey = np.repeat(pixels("coffee")[..., :1], 3, axis=2)
    assert colour_patches.fit(grey, 64) is None


def test_a_patch_is_luminance_and_the_colours_that_belong_to_it(photographs):
    patches = patches_of(photographs, keep, 9, seed=3)
    for index in range(9):
        lightness, ab = patches[index]
        assert (lightness.shape, ab.shape) == ((1, 64, 64), (2, 16, 16))
        small = cv2.resize(lightness[0].numpy(), (16, 16), interpolation=cv2.INTER_AREA)
        picture = from_lab(np.dstack([small, *ab.numpy()]))
        assert 0 < to_lab(picture)[..., 0].mean() < 100
        assert colour_measure(picture) > 1


def test_the_luminance_is_that_of_the_damaged_print_and_the_colours_are_not(photographs):
    lightness, ab = patches_of(photographs, lambda image, rng: 0 * image, 1, seed=0)[0]
    assert lightness.abs().max() == 0
    assert ab.abs().max() > 1


def test_a_patch_depends_on_seed_and_number_alone(photographs):
    one, same, other = (patches_of(photographs, colour_patches.printed, 9, seed) for seed in (1, 1, 2))
    one[3]
    assert all(torch.equal(a, b) for a, b in zip(one[7], same[7], strict=True))
    assert not torch.equal(one[7][0], other[7][0])


def test_patches_are_mirrored_and_never_turned():
    sky = np.zeros((80, 80, 3), np.uint8)
    sky[:40], sky[40:] = (90, 150, 255), (120, 90, 40)
    sky[:, 40:] //= 2
    patches = patches_of([Photograph("sky", sky)], keep, 40, seed=0)
    lightness = np.stack([patches[i][0][0].numpy() for i in range(40)])
    blue = np.stack([patches[i][1][1].numpy() for i in range(40)])
    assert (blue[:, :4].mean((1, 2)) < blue[:, -4:].mean((1, 2))).all()
    left_is_light = lightness[:, :, :8].mean((1, 2)) > lightness[:, :, -8:].mean((1, 2))
    assert 0 < left_is_light.mean() < 1


def test_prints_are_grey_or_of_one_tone_and_about_half_have_aged():
    image = photograph("astronaut", 128)
    clean = colour_patches.grey(image)
    aged = 0
    for seed in range(60):
        made = colour_patches.printed(image, np.random.default_rng(seed))
        assert made.min() >= 0
        assert made.max() <= 1
        assert colour_measure(made.astype(np.float32)) < 3
        aged += not np.array_equal(made, clean)
    assert 20 < aged < 40


# Classes of colour


def test_a_colour_is_shared_among_its_neighbours():
    ab = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1)
    index, share = colour_classes.soft_classes(ab)
    near = {CENTRES[i] for i in index.flatten().tolist()}
    assert near == {(20, 0), (10, 0), (30, 0), (20, 10), (20, -10)}
    assert CENTRES[int(index[0, 0])] == (20, 0)
    assert float(share.sum()) == pytest.approx(1)
    assert float(share[0, 0] / share[0, 1]) == pytest.approx(np.exp(100 / 50), rel=1e-4)


def test_weights_count_rare_classes_more_and_are_one_on_average():
    prior = torch.full((len(CENTRES),), 0.1 / (len(CENTRES) - 1))
    prior[7] = 0.9
    for rebalance in (0.0, 0.1, 0.5, 1.0):
        weights = colour_classes.class_weights(prior, rebalance)
        assert float((weights * prior).sum()) == pytest.approx(1, abs=1e-4)
        assert float(weights.max() / weights.min()) == pytest.approx(
            (rebalance * 0.9 + (1 - rebalance) / 313) / (rebalance * float(prior[0]) + (1 - rebalance) / 313), rel=1e-3
        )
    assert torch.allclose(colour_classes.class_weights(prior, 0.0), torch.ones(313))


@pytest.mark.parametrize("name", colour_classes.NAMES)
def test_losses_fall_towards_the_right_answer(name):
    ab = torch.tensor([20.0, -30.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    weights = torch.ones(len(CENTRES))
    logits = [torch.zeros(1, len(CENTRES), 4, 4) for _ in range(3)]
    logits[1][:, CENTRES.index((20, -30))] = 4
    logits[2][:, CENTRES.index((-60, 60))] = 4
    unsure, right, wrong = (float(colour_classes.loss(name, x, ab, weights)) for x in logits)
    assert right < unsure < wrong


def test_the_share_of_classes_is_that_of_the_colours():
    ab = torch.zeros(1, 2, 2, 2)
    ab[0, :, 0] = 50
    share = colour_classes.share_of_classes(ab)
    assert float(share.sum()) == pytest.approx(1)
    assert share[CENTRES.index((50, 50))] == share[CENTRES.index((0, 0))] == share.max()


# Training


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("photographs")
    rows = ["file,origin,tier"]
    for index, name in enumerate(NAMES):
        Image.fromarray(pixels(name)).save(place / f"{name}.png")
        rows.append(f"{name}.png,origin{index % 2},A")
    (place / "manifest.csv").write_text("\n".join(rows))
    return place


def trained(folder, out, *more):
    command = [
        "colorize",
        "--data",
        str(folder),
        "--out",
        str(out),
        "--features",
        "12",
        "--patch",
        "64",
        "--threads",
        "1",
    ]
    options = ["--batch", "4", "--workers", "0", "--manifest", str(folder / "manifest.csv"), "--origins", "origin1"]
    assert main([*command, *options, *more]) == 0
    return torch.load(out / "last.pt", weights_only=True)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("training.tasks.colorize.PRIOR_PATCHES", 40)
    monkeypatch.setattr("training.tasks.colorize.VALIDATION_PATCHES", 4)


@pytest.mark.parametrize("loss", colour_classes.NAMES)
def test_training_brings_the_loss_down(folder, tmp_path, capsys, quick, loss):
    trained(folder, tmp_path, "--steps", "60", "--validate-every", "12", "--losses", loss, "--rebalance", "0.1")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    losses = [float(line.split("loss")[1].split()[0]) for line in lines]
    assert losses[-1] < 0.9 * losses[0]
    assert "de00" in lines[-1]
    assert "chroma" in lines[-1]


def test_a_checkpoint_holds_the_share_of_classes_and_its_network_starts_from_it(folder, tmp_path, quick):
    state = trained(folder, tmp_path, "--steps", "1", "--learning-rate", "1e-9")["average"]
    assert float(state["prior"].sum()) == pytest.approx(1, abs=1e-4)
    assert state["prior"].std() > 0
    torch.testing.assert_close(state["tail.bias"], state["prior"].clamp_min(1e-6).log())


def encoder_of(state):
    return {key: tensor for key, tensor in state.items() if key.startswith("encoder.")}


def test_a_trained_encoder_keeps_its_weights_and_a_new_one_learns(folder, tmp_path, quick):
    new = trained(folder, tmp_path / "new", "--steps", "2")["network"]
    held = trained(folder, tmp_path / "held", "--steps", "2", "--from", str(tmp_path / "new" / "last.pt"))["network"]
    more = trained(folder, tmp_path / "held", "--steps", "3", "--from", "elsewhere", "--resume")["network"]
    first = encoder_of(torch.load(tmp_path / "new" / "last.pt", weights_only=True)["average"])
    assert any(not torch.equal(first[key], tensor) for key, tensor in encoder_of(new).items())
    for state in (held, more):
        for key, tensor in encoder_of(state).items():
            torch.testing.assert_close(tensor, first[key])
    assert not torch.equal(held["tail.weight"], new["tail.weight"])


def test_it_starts_from_efficientnets_encoder(tmp_path):
    official = official_state()
    network = COLORIZE.build(8)
    begin_from(network, official)
    folded = lite_encoder.from_official(official)
    for key, tensor in network.encoder.state_dict().items():
        torch.testing.assert_close(tensor, folded[key])


def test_losses_of_other_tasks_are_refused(folder, tmp_path, capsys, quick):
    command = ["--data", str(folder), "--out", str(tmp_path), "--steps", "1", "--workers", "0", "--patch", "64"]
    assert main(["colorize", *command, "--losses", "l1"]) == 1
    assert "classes, mean, not l1" in capsys.readouterr().err
    assert main(["denoise", *command, "--losses", "classes"]) == 1
    assert "not classes" in capsys.readouterr().err


def test_validation_scores_true_colours_perfect_and_half_the_chroma_half_wrong(photographs):
    truth = patches_of(photographs, keep, 4, seed=0)

    class Knowing(torch.nn.Module):
        """Predicts the class of each true colour, patch after patch."""

        asked = 0

        def __init__(self):
            super().__init__()
            self.device = torch.nn.Parameter(torch.zeros(1))

        def forward(self, lightness):
            index, share = colour_classes.soft_classes(truth[self.asked][1][None])
            self.asked += 1
            empty = torch.full((1, len(CENTRES), *share.shape[2:]), 1e-9)
            return empty.scatter(1, index, share).log()

    error, grey, chroma = validation.colour_errors(Knowing(), truth, 4, 1.0)
    assert chroma == pytest.approx(1, abs=0.1)
    assert 0.3 * grey < error < 0.6 * grey  # half the chroma of the true hue


# Export


def checkpoint_of(network, folder):
    path = folder / "last.pt"
    torch.save({"average": network.state_dict()}, path)
    return path


def lively(seed=0):
    """A small colorizer whose answers differ from place to place."""
    torch.manual_seed(seed)
    network = ColorClassifier(widths=(8, 12, 16, 24)).eval()
    torch.nn.init.normal_(network.tail.weight, std=1.0)
    return network


def test_exported_files_are_equal_and_hold_temperature_and_gain(tmp_path):
    files = export(checkpoint_of(lively(), tmp_path), tmp_path / "made" / "fast-colorize", temperature=0.5, gain=1.5)
    network = build(safetensors.torch.load_file(files[0]))
    assert (network.temperature, network.gain) == (0.5, 1.5)
    compiled = graphs.core().compile_model(graphs.read(files[1]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for height, width in ((32, 64), (64, 64), (96, 160)):
        x = 100 * torch.rand(1, 1, height, width)
        with torch.inference_mode():
            expected = network(x).numpy()
        result = compiled({"x": x.numpy()})[0]
        assert result.shape == (1, 3, height // 4, width // 4)
        assert np.abs(result - expected).max() < 1e-2
        assert np.ptp(result[:, :2]) > 1
        assert 0 <= result[:, 2].min() <= result[:, 2].max() <= 1


@pytest.mark.parametrize("name", ["temperature", "gain"])
@pytest.mark.parametrize(("network", "value"), [(UNet(widths=(4, 8), blocks=(1, 1)), 0.5), (lively(), 0.0)])
def test_temperature_and_gain_are_for_colorizers_and_above_0(tmp_path, name, network, value):
    with pytest.raises(OptionError, match=f"colorizer and a {name} above 0"):
        export(checkpoint_of(network, tmp_path), tmp_path / "out", **{name: value})


def test_the_studio_runs_the_exported_files(tmp_path, monkeypatch):
    spec = bundled_colorizer()
    export(checkpoint_of(lively(), tmp_path), tmp_path / "fast-colorize")
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    digests = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in tmp_path.glob("fast-*"))
    (tmp_path / bundled.SUMS).write_text("\n".join(digests))
    monkeypatch.setattr("pipeline.stages.colorize.catalog.get", lambda model: spec)
    grey = np.repeat(photograph("coffee", 300)[..., 1:2], 3, axis=2)
    context = Context(Engine("cpu", "float32"))
    out, half = (Colorize(saturation=s, damping=0).run(grey, context) for s in (1.0, 0.5))
    assert np.abs(to_lab(out)[..., 0] - to_lab(grey)[..., 0]).max() < 1
    chroma = [np.linalg.norm(to_lab(picture)[..., 1:], axis=2).mean() for picture in (out, half)]
    assert chroma[0] > 1.5 * chroma[1] > 0
    assert np.abs(to_lab(Colorize(damping=1).run(grey, context))[..., 1:]).mean() < np.abs(to_lab(out)[..., 1:]).mean()


def test_the_bundled_network_stays_small():
    parameters = sum(tensor.numel() for tensor in COLORIZE.network().state_dict().values())
    assert 2 * parameters < 11_500_000  # in 16 bits
    assert isinstance(build(COLORIZE.network().state_dict()), FastColorizer)
