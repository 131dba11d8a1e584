"""Training of a colorizer, and what validation measures."""

import pytest
import torch
from PIL import Image

from models.networks import lite_encoder
from models.networks.fast_colorizer import CENTRES
from tests.lite import official_state
from tests.training.colours import NAMES, keep, patches_of, photographs, pixels
from training.__main__ import main
from training.checkpoints import begin_from
from training.learning import colour_classes, validation
from training.tasks.colorize import COLORIZE

__all__ = ["photographs"]  # a fixture


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
