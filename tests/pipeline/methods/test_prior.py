import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.prior import weigh

PRIOR = 0.05
SIDE = 96


def lined(tone, rows):
    """Return a grey picture with lines of one tone, and the mask of the lines."""
    image, mask = np.full((SIDE, SIDE, 3), 0.5, np.float32), np.zeros((SIDE, SIDE), bool)
    mask[rows] = True
    image[mask] = tone
    return image, mask


def test_probabilities_fall_in_an_undamaged_picture_and_rise_in_a_damaged_one():
    image, _ = lined(0.9, [40])
    few, many = np.full((SIDE, SIDE), 0.01, np.float32), np.full((SIDE, SIDE), 0.01, np.float32)
    few[40, :8] = many[40, :8] = 0.6
    many[10:30] = 0.95
    assert weigh(few, image, PRIOR)[40, :8].max() < 0.4
    assert weigh(many, image, PRIOR)[40, :8].min() > 0.6


@pytest.mark.parametrize(("tone", "other"), [(0.9, 0.1), (0.1, 0.9)], ids=["light", "dark"])
def test_a_line_of_the_other_tone_is_less_likely_to_be_damage(tone, other):
    image, mask = lined(tone, [10, 20, 30, 40, 50])
    image[70] = other
    probability = np.where(mask, np.float32(0.95), np.float32(0.002))
    probability[70] = probability[50] = 0.6
    moved = weigh(probability, image, PRIOR)
    assert moved[50].min() > 0.5 > moved[70].max()


@given(seed=st.integers(0, 99), prior=st.floats(0.01, 0.3))
def test_the_adjustment_is_monotonic(seed, prior):
    rng = np.random.default_rng(seed)
    probability = rng.random((24, 24), np.float32)
    moved = weigh(probability, np.full((24, 24, 3), 0.5, np.float32), prior)
    assert (np.diff(moved.ravel()[np.argsort(probability, axis=None)]) >= -1e-6).all()
    assert ((moved >= 0) & (moved <= 1)).all()


def test_a_correct_prior_changes_nothing_and_a_lower_one_raises_probabilities():
    rng = np.random.default_rng(0)
    image = rng.random((SIDE, SIDE, 3), np.float32)  # half of it lighter than its surroundings
    probability = np.where(rng.random((SIDE, SIDE)) < 0.06, np.float32(0.6), np.float32(8 / 511))
    prior = float(probability.mean())
    assert weigh(probability, image, prior) == pytest.approx(probability, abs=0.05)
    assert weigh(probability, image, prior / 3)[probability > 0.5].min() > 0.7
    assert weigh(probability, image, prior * 3)[probability > 0.5].max() < 0.5
