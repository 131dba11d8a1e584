import numpy as np
import pytest
import torch

from models.errors import CheckpointMismatch
from models.networks.fast_colorizer import CENTRES, ColorClassifier, FastColorizer, build

SMALL = {"widths": (8, 12, 16, 24)}


class Constant(torch.nn.Module):
    """A classifier with the same logits everywhere."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, lightness):
        height, width = (side // 4 for side in lightness.shape[2:])
        return self.logits.view(1, -1, 1, 1).expand(1, -1, height, width)


def answer(shares, temperature=1.0, gain=1.0):
    """The colour and confidence for the probabilities of some classes."""
    logits = torch.full((len(CENTRES),), -50.0)
    for centre, share in shares.items():
        logits[CENTRES.index(centre)] = np.log(share)
    output = FastColorizer(Constant(logits), temperature, gain)(torch.zeros(1, 1, 32, 48))
    assert output.shape == (1, 3, 8, 12)
    return output[0, :, 0, 0].numpy()


def test_the_classes_are_those_of_srgb_in_steps_of_ten():
    centres = np.array(CENTRES)
    assert centres.shape == (313, 2)
    assert len(set(CENTRES)) == 313
    assert not (centres % 10).any()
    assert [tuple(centres[i]) for i in (0, 1, 156, 312)] == [(-90, 50), (-90, 60), (20, -10), (100, 0)]
    from skimage.color import rgb2lab

    ab = rgb2lab(np.random.default_rng(0).random((4000, 1, 3)))[:, 0, 1:]
    assert np.linalg.norm(ab[:, None] - centres[None], axis=2).min(axis=1).max() < 10


def test_a_single_class_is_the_answer_with_full_confidence():
    np.testing.assert_allclose(answer({(30, -40): 1}), [30, -40, 50 / 51], atol=1e-3)


def test_opposite_classes_are_grey_without_confidence():
    np.testing.assert_allclose(answer({(30, -40): 0.5, (-30, 40): 0.5}), [0, 0, 0], atol=1e-3)


def test_a_low_temperature_takes_the_most_probable_class_and_keeps_the_confidence():
    shares = {(60, 0): 0.6, (0, 60): 0.4}
    warm, cold = answer(shares), answer(shares, temperature=0.1)
    np.testing.assert_allclose(warm[:2], [36, 24], atol=1e-2)
    assert np.linalg.norm(cold[:2] - [60, 0]) < 2
    assert warm[2] == cold[2] == pytest.approx(np.hypot(36, 24) / 61, abs=1e-3)


def test_gain_is_a_factor_of_chroma_alone():
    shares = {(60, 0): 0.6, (0, 60): 0.4}
    np.testing.assert_allclose(answer(shares, gain=1.5), answer(shares) * [1.5, 1.5, 1], rtol=1e-4)


def test_the_size_follows_from_the_shapes():
    made = ColorClassifier(**SMALL).eval()
    with torch.no_grad():
        made.prior.uniform_()
    again = build({**made.state_dict(), "temperature": torch.tensor([0.5])})
    x = 100 * torch.rand(1, 1, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(again(x), FastColorizer(made, 0.5)(x))
    assert not again.training
    assert again.temperature == 0.5


def test_a_colour_depends_on_the_far_corner_too():
    torch.manual_seed(0)
    network = ColorClassifier(**SMALL).eval()
    x = 100 * torch.rand(1, 1, 256, 256)
    other = x.clone()
    other[..., -64:, -64:] = 0
    with torch.inference_mode():
        assert not torch.equal(network(x)[..., 0, 0], network(other)[..., 0, 0])


def test_other_tensors_are_refused():
    with pytest.raises(CheckpointMismatch, match="Expected a colorizer"):
        build({"encoder.stem.weight": torch.zeros(1)})
    state = ColorClassifier(**SMALL).state_dict()
    state.pop("tail.bias")
    with pytest.raises(CheckpointMismatch, match=r"missing: tail\.bias"):
        build(state)
