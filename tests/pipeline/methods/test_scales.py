import numpy as np
import pytest

from pipeline.methods.scales import at_scales


def looked(fine, coarse, side=640):
    """The answer for a picture of even tone, and the pictures that were looked at."""
    seen = []

    def detect(look, start, stop):
        seen.append((look.shape, start, stop))
        return np.full(look.shape[:2], fine if len(seen) == 1 else coarse, np.float32)

    return at_scales(detect, np.full((side, side + 1, 3), 0.5, np.float32)), seen


def test_a_picture_is_looked_at_whole_and_at_half_its_size():
    found, seen = looked(0.9, 0.9)
    assert found.shape == (640, 641)
    assert [shape for shape, *_ in seen] == [(640, 641, 3), (320, 320, 3)]
    assert [part for _, *part in seen] == [[0.0, pytest.approx(0.8)], [pytest.approx(0.8), 1.0]]
    assert found == pytest.approx(0.9, abs=1e-3)


def test_a_small_picture_is_looked_at_enlarged_too():
    found, seen = looked(0.9, 0.9, side=100)
    assert found.shape == (100, 101)
    assert [shape for shape, *_ in seen] == [(200, 202, 3), (100, 101, 3), (50, 50, 3)]


@pytest.mark.parametrize(
    ("fine", "coarse", "is_damage"),
    [(0.99, 0.9, True), (0.9, 0.001, False), (0.9999, 0.0001, True), (0.1, 0.9999, False)],
    ids=["both are sure", "the coarse look sees a thing", "a thin scratch", "the fine look sees nothing"],
)
def test_the_coarse_look_counts_against_doubtful_marks(fine, coarse, is_damage):
    found, _ = looked(fine, coarse)
    assert (found > 0.5).all() == is_damage
    assert found.max() <= max(fine, 0.5) + 1e-4


def test_answers_stay_in_their_place():
    mark = np.zeros((600, 640, 3), np.float32)
    mark[100:140, 200:300] = 1
    found = at_scales(lambda look, *_: look[..., 0], mark)
    assert found[102:138, 202:298].min() > 0.9
    assert found[:95].max() < 0.1
    assert found.shape == (600, 640)
