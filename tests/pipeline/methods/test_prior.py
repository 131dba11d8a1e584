import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.prior import weigh

USUAL = 0.05
SIDE = 96


def lined(tone, rows):
    """A grey picture with lines of one tone, and where they are."""
    image, mask = np.full((SIDE, SIDE, 3), 0.5, np.float32), np.zeros((SIDE, SIDE), bool)
    mask[rows] = True
    image[mask] = tone
    return image, mask


def test_votes_weigh_less_where_the_picture_is_whole_and_more_where_much_is_damaged():
    image, _ = lined(0.9, [40])
    few, many = np.full((SIDE, SIDE), 0.01, np.float32), np.full((SIDE, SIDE), 0.01, np.float32)
    few[40, :8] = many[40, :8] = 0.6
    many[10:30] = 0.95
    assert weigh(few, image, USUAL)[40, :8].max() < 0.4
    assert weigh(many, image, USUAL)[40, :8].min() > 0.6


@pytest.mark.parametrize(("tone", "other"), [(0.9, 0.1), (0.1, 0.9)], ids=["light", "dark"])
def test_a_line_unlike_all_the_others_is_held_for_damage_less(tone, other):
    image, mask = lined(tone, [10, 20, 30, 40, 50])
    image[70] = other
    votes = np.where(mask, np.float32(0.95), np.float32(0.002))
    votes[70] = votes[50] = 0.6
    moved = weigh(votes, image, USUAL)
    assert moved[50].min() > 0.5 > moved[70].max()


@given(seed=st.integers(0, 99), usual=st.floats(0.01, 0.3))
def test_the_order_of_votes_stays_on_either_side(seed, usual):
    rng = np.random.default_rng(seed)
    votes = rng.random((24, 24), np.float32)
    moved = weigh(votes, np.full((24, 24, 3), 0.5, np.float32), usual)
    assert (np.diff(moved.ravel()[np.argsort(votes, axis=None)]) >= -1e-6).all()
    assert ((moved >= 0) & (moved <= 1)).all()


def test_a_picture_with_the_usual_share_keeps_its_votes_and_one_with_more_gains():
    rng = np.random.default_rng(0)
    image = rng.random((SIDE, SIDE, 3), np.float32)  # half of it lighter than its surroundings
    votes = np.where(rng.random((SIDE, SIDE)) < 0.06, np.float32(0.6), np.float32(8 / 511))
    usual = float(votes.mean())
    assert weigh(votes, image, usual) == pytest.approx(votes, abs=0.05)
    assert weigh(votes, image, usual / 3)[votes > 0.5].min() > 0.7
    assert weigh(votes, image, usual * 3)[votes > 0.5].max() < 0.5
