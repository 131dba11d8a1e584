import numpy as np
import pytest

from tests.training.scenes import gradient_energy, scene
from training.damage import recipes

SEEDS = range(60)


def results(recipe):
    return [recipe(scene(), np.random.default_rng(seed)) for seed in SEEDS]


@pytest.mark.parametrize(("recipe", "part"), [(recipes.noisy, 1 / 12), (recipes.blurred, 1 / 8)])
def test_some_pictures_stay_as_they_are_so_that_a_network_learns_to_leave_them_alone(recipe, part):
    untouched = sum(np.array_equal(result, scene()) for result in results(recipe))
    assert 0.3 * part < untouched / len(SEEDS) < 3 * part


def test_noisy_pictures_are_rougher_and_blurred_ones_softer():
    plain = gradient_energy(scene())
    assert np.mean([gradient_energy(result) for result in results(recipes.noisy)]) > 1.2 * plain
    assert np.mean([gradient_energy(result) for result in results(recipes.blurred)]) < 0.8 * plain


def test_the_deblurrer_gets_the_blurred_picture_and_one_that_is_sharper():
    softer = [gradient_energy(pair[..., :3]) for pair in results(recipes.guessed)]
    sharper = [gradient_energy(pair[..., 3:]) for pair in results(recipes.guessed)]
    assert np.mean(sharper) > 1.2 * np.mean(softer)
    assert 1 / 8 < np.mean([np.array_equal(p[..., :3], p[..., 3:]) for p in results(recipes.guessed)]) < 3 / 5
