import numpy as np
import pytest

from tests.training.scenes import scene
from training.damage import screens
from training.tasks.descreen import DESCREEN


def rng(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(12))
def test_prints_are_seeded_and_bounded_and_leave_their_picture(seed):
    image = scene()
    before = image.copy()
    given, goal = screens.printed(image, rng(seed))
    again, _ = screens.printed(image, rng(seed))
    assert np.array_equal(given, again)
    assert np.array_equal(image, before)
    assert (given.shape, goal.shape) == ((*image.shape[:2], 9), image.shape)
    assert given.dtype == goal.dtype == np.float32
    for picture in (given, goal):
        assert picture.min() >= -1e-6
        assert picture.max() <= 1 + 1e-6


def test_the_filtered_copy_is_much_nearer_to_the_goal():
    gains = []
    for seed in range(24):
        given, goal = screens.printed(scene(), rng(seed))
        before, after = (np.square(given[..., part] - goal).mean() for part in (slice(3), slice(6, 9)))
        gains.append(10 * np.log10(before / after))
    assert np.median(gains) > 4


def test_prints_have_one_ink_or_several_and_many_angles():
    made = [screens._screens(rng(seed), coloured=seed % 2 == 0) for seed in range(80)]
    assert {len(each) for each in made} == {1, 3, 4}
    assert len({round(np.rad2deg(each[0].angle) / 10) % 9 for each in made}) > 6
    periods = [each[0].period for each in made]
    assert min(periods) < 3 < 6 < max(periods) < 8.2


def test_ink_covers_as_much_as_the_density_where_thresholds_are_even():
    for density in (0.2, 0.5, 0.8):
        plane = np.full((200, 200), density, np.float32)
        cover = screens.dots(plane, screens.Screen(7.3, 0.4), screens.Press(30, 0, 0, 1, 0.5), rng(0))
        assert cover.mean() == pytest.approx(density, abs=0.03)
        assert cover.std() > 0.3


def test_the_task_makes_grey_goals_of_prints_in_black():
    goals = [DESCREEN.pair(scene(), rng(seed), None)[1] for seed in range(30)]
    neutral = [np.ptp(goal / goal.max(axis=(0, 1)), axis=2).max() < 0.02 for goal in goals]
    assert 0.2 < np.mean(neutral) < 0.8
