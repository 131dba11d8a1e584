import numpy as np
import pytest

from tests.training.scenes import gradient_energy, scene
from training.damage import blurs, degrade, recipes

SEEDS = range(60)


def results(recipe):
    return [recipe(scene(), np.random.default_rng(seed)) for seed in SEEDS]


@pytest.mark.parametrize(("recipe", "part"), [(recipes.noisy, 1 / 12), (blurs.blurred, 1 / 8)])
def test_some_pictures_stay_as_they_are_so_that_a_network_learns_to_leave_them_alone(recipe, part):
    untouched = sum(np.array_equal(result, scene()) for result in results(recipe))
    assert 0.3 * part < untouched / len(SEEDS) < 3 * part


def test_noisy_pictures_are_rougher_and_blurred_ones_softer():
    plain = gradient_energy(scene())
    assert np.mean([gradient_energy(result) for result in results(recipes.noisy)]) > 1.2 * plain
    assert np.mean([gradient_energy(result) for result in results(blurs.blurred)]) < 0.8 * plain


def test_the_deblurrer_gets_the_blurred_picture_and_one_that_is_sharper():
    softer = [gradient_energy(pair[..., :3]) for pair in results(blurs.guessed)]
    sharper = [gradient_energy(pair[..., 3:]) for pair in results(blurs.guessed)]
    assert np.mean(sharper) > 1.2 * np.mean(softer)
    assert 1 / 8 < np.mean([np.array_equal(p[..., :3], p[..., 3:]) for p in results(blurs.guessed)]) < 3 / 5


def test_upscalers_learn_mostly_from_copies_and_a_share_is_clean(monkeypatch):
    drawn = []
    for name in ("copied", "ruined", "second_order", "photographed"):
        monkeypatch.setattr(recipes, name, lambda image, rng, scale, name=name: drawn.append(name) or image)
    for seed in range(1000):
        recipes.reduced(scene(16, 16), np.random.default_rng(seed), 4)
    shares = {name: drawn.count(name) / 1000 for name in drawn}
    assert shares["copied"] == pytest.approx(0.4, abs=0.05)
    assert shares["ruined"] == pytest.approx(0.2, abs=0.04)
    assert 1 - sum(shares.values()) == pytest.approx(0.25, abs=0.04)


def test_copies_are_rougher_than_clean_pictures_on_flat_ground():
    flat = np.full((128, 128, 3), 0.5, np.float32)
    rough = [recipes.copied(flat, np.random.default_rng(seed), 2).std() for seed in range(20)]
    assert min(rough) > 0.001
    assert 0.008 < np.median(rough) < 0.06


def test_ruined_pictures_lose_their_detail():
    image = scene(128, 128)
    lost = []
    for seed in range(20):
        damaged = recipes.ruined(image, np.random.default_rng(seed))
        fine, kept = ((x - degrade.soften(x, 1)).ravel() for x in (image, damaged))
        lost.append(np.corrcoef(fine, kept)[0, 1])
    assert np.median(lost) < 0.5
