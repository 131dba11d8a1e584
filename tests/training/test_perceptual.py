import pytest
import torch

from models.errors import CheckpointMismatch, WeightsMissing
from tests.training.networks import vgg16
from training.learning import perceptual


@pytest.fixture(scope="module")
def features():
    return perceptual.Features(vgg16())


def test_the_distance_of_equal_pictures_is_0_and_grows_with_damage(features):
    torch.manual_seed(0)
    clean = torch.rand(2, 3, 32, 32)
    slight, severe = (clean + sigma * torch.randn(clean.shape) for sigma in (0.02, 0.2))
    assert features.distance(clean, clean) == 0
    assert 0 < features.distance(slight, clean) < features.distance(severe, clean)


def test_gradients_are_finite_where_a_picture_has_no_features(features):
    black = torch.zeros(1, 3, 32, 32, requires_grad=True)
    features.distance(black, torch.rand(1, 3, 32, 32)).backward()
    assert torch.isfinite(black.grad).all()
    assert black.grad.abs().max() > 0


def test_learned_weights_of_channels_are_used():
    blind = {f"lin{i}.model.1.weight": torch.zeros(1, width, 1, 1) for i, width in enumerate(perceptual.CHANNELS)}
    assert perceptual.Features(vgg16() | blind).distance(torch.zeros(1, 3, 32, 32), torch.rand(1, 3, 32, 32)) == 0


def test_low_pass_filters_and_later_convolutions_are_left_out():
    filters = {"features.0.5.filt.weight": torch.ones(64, 1, 3, 3)}
    kept = perceptual.needed(vgg16() | filters)
    assert set(kept) == {f"features.{i}.{kind}" for i in range(10) for kind in ("weight", "bias")}
    perceptual.Features(kept)


@pytest.mark.parametrize("widths", [(), (64, 128, 128)])
def test_other_networks_are_refused(widths):
    with pytest.raises(CheckpointMismatch, match="VGG16"):
        perceptual.Features(vgg16(widths))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"none\.pth"):
        perceptual.load(tmp_path / "none.pth", torch.device("cpu"))


def test_a_file_is_read_once(tmp_path):
    torch.save(vgg16(), tmp_path / "vgg16.pth")
    first, again = (perceptual.load(tmp_path / "vgg16.pth", torch.device("cpu")) for _ in range(2))
    assert first is again
