import numpy as np
import pytest

from pipeline.methods.settle import settled

SURE, UNSURE = np.float32(1), np.float32(0.01)


def two_halves(side=48):
    """A guide with an edge in the middle."""
    guide = np.full((side, side), 30, np.float32)
    guide[:, side // 2 :] = 70
    return guide


def test_an_uncertain_blotch_takes_the_colour_around_it():
    values = np.full((48, 48, 2), (10, 20), np.float32)
    trust = np.full((48, 48), SURE)
    values[20:26, 8:14], trust[20:26, 8:14] = (-30, -40), UNSURE
    out = settled(values, trust, two_halves(), smoothness=3, edge=4)
    np.testing.assert_allclose(out[22, 10], (10, 20), atol=2)


def test_nothing_passes_an_edge():
    guide = two_halves()
    values = np.where(guide[..., None] > 50, np.float32([30, 40]), np.float32([-20, -10]))
    out = settled(values, np.full(guide.shape, UNSURE), guide, smoothness=3, edge=2)
    assert np.abs(out - values).max() < 0.5


def test_the_equations_are_solved():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 10, (6, 5, 2)).astype(np.float32)
    trust = rng.uniform(0.2, 1, (6, 5)).astype(np.float32)
    guide = rng.uniform(0, 20, (6, 5)).astype(np.float32)
    matrix = np.diag(trust.ravel().astype(float))
    for (row, column), here in np.ndenumerate(np.arange(30).reshape(6, 5)):
        for down, right in ((1, 0), (0, 1)):
            if row + down < 6 and column + right < 5:
                there = here + 5 * down + right
                link = 2 * np.exp(-abs(guide[row, column] - guide[row + down, column + right]) / 5)
                matrix[[here, there], [here, there]] += link
                matrix[[here, there], [there, here]] -= link
    expected = np.linalg.solve(matrix, (trust[..., None] * values).reshape(30, 2)).reshape(values.shape)
    np.testing.assert_allclose(settled(values, trust, guide, smoothness=2, edge=5), expected, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_equal_values_stay(value):
    values = np.full((12, 16, 2), value, np.float32)
    out = settled(values, np.ones((12, 16), np.float32), values[..., 0], smoothness=3, edge=4)
    np.testing.assert_array_equal(out, values)
