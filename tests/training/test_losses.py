import numpy as np
import piq
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn import functional

from training.learning import losses
from training.learning.discriminator import Discriminator


@pytest.mark.parametrize("name", losses.PIXELS)
def test_losses_are_zero_for_the_right_answer_only(name):
    truth = torch.rand(1, 3, 32, 32)
    other = truth + torch.rand_like(truth)
    rounding = 1e-5 if name == "haar" else 1e-6  # its last step is a logit, which is steep near 1
    assert losses.combine([(name, 1.0)], truth, truth) == pytest.approx(0, abs=rounding)
    assert losses.combine([(name, 1.0)], other, truth) > 0


def test_the_gradient_loss_ignores_brightness_and_sees_edges():
    truth = torch.rand(1, 3, 8, 8)
    gradient = [("gradient", 1.0)]
    assert losses.combine(gradient, truth + 0.2, truth) == pytest.approx(0, abs=1e-6)
    assert losses.combine(gradient, 0.5 * truth, truth) > 0.1


def test_the_ssim_loss_is_that_of_the_metric():
    """Of all windows at three scales; every fourth is enough to come near."""
    truth = functional.avg_pool2d(torch.rand(2, 3, 256, 256), 3, stride=1, padding=1)
    other = functional.avg_pool2d(truth, 5, stride=1, padding=2)
    total = 0.0
    for factor in (1, 2, 4):
        x, y = (functional.avg_pool2d(piq.functional.rgb2yiq(image)[:, :1], factor) for image in (other, truth))
        metric = [
            structural_similarity(*pair, win_size=7, data_range=1)
            for pair in zip(x[:, 0].numpy(), y[:, 0].numpy(), strict=True)
        ]
        total += 1 - float(np.mean(metric))
    assert float(losses.ssim_loss(other, truth)) == pytest.approx(total / 3, rel=0.05)


def test_the_haar_loss_is_that_of_the_metric():
    """Within a black frame, as the metric lays round pictures itself."""
    torch.manual_seed(3)
    truth = functional.avg_pool2d(torch.rand(2, 3, 96, 80), 3, stride=1, padding=1)
    soft, rough = functional.avg_pool2d(truth, 5, stride=1, padding=2), truth + 0.05 * torch.randn(truth.shape)
    for other in (soft, rough.clamp(0, 1)):
        framed = [functional.pad(image, (32,) * 4) for image in (other, truth)]
        metric = 1 - float(piq.haarpsi(*framed, data_range=1.0))
        assert float(losses.haar_loss(*framed)) == pytest.approx(metric, rel=1e-3)
    assert float(losses.haar_loss(truth, truth)) == pytest.approx(0, abs=1e-5)


def test_the_ssim_loss_penalises_smooth_answers_more_than_l1_does():
    """A flat answer has the smaller difference of pixels here, the rough one the truth's contrast."""
    torch.manual_seed(2)
    truth = 0.5 + 0.1 * torch.randn(1, 1, 64, 64).expand(-1, 3, -1, -1)
    flat = torch.full_like(truth, 0.5)
    rough = truth + 0.13 * torch.randn(1, 1, 64, 64)
    assert (flat - truth).abs().mean() < (rough - truth).abs().mean()
    assert losses.ssim_loss(flat, truth) > losses.ssim_loss(rough, truth)


def test_a_grid_costs_more_than_noise_of_the_same_strength():
    torch.manual_seed(0)
    truth = torch.rand(2, 3, 96, 80)
    square = torch.randn(1, 3, 4, 4)
    pattern, noise = square.repeat(2, 1, 24, 20), square.std() * torch.randn(truth.shape)
    assert losses.grid_loss(truth + pattern, truth) > 3 * losses.grid_loss(truth + noise, truth)
    assert losses.grid_loss(truth + 0.3, truth) == pytest.approx(0, abs=1e-6)


def test_the_discriminator_scores_every_pixel():
    assert Discriminator()(torch.rand(2, 3, 36, 28)).shape == (2, 1, 36, 28)


def test_steps_compare_the_same_square_of_half_of_the_patches():
    patches = torch.rand(5, 3, losses.CROP + 40, losses.CROP + 8)
    output, goal = losses.crops(patches, patches.clone())
    assert torch.equal(output, goal)
    assert output.shape == (3, 3, losses.CROP, losses.CROP)
    assert losses.crops(patches[:, :, :16], patches[:, :, :16])[0].shape == (3, 3, 16, losses.CROP)
