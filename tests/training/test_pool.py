import numpy as np
import pytest
import torch

from training.damage import recipes
from training.data import Patches, Photograph
from training.learning.pool import Pool, is_made, make, teacher_share

SIZE = 11


def black(damaged):
    return torch.zeros(len(damaged), 3, 64, 64)


@pytest.fixture
def patches():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    def pair(image, rng):
        return recipes.copied(image, rng, scale=2), image

    return Patches([Photograph("one", pixels)], 32, pair, 2**40, seed=3)


def test_a_patch_is_turned_whenever_it_is_drawn(patches, tmp_path):
    make(tmp_path, patches, 1)
    pool = Pool(tmp_path, seed=0)
    damaged, goal = zip(*(pool[i] for i in range(30)), strict=True)
    for seen in (damaged, goal):
        assert len({part.numpy().tobytes() for part in seen}) == 8
        assert len({round(float(part.double().sum()), 3) for part in seen}) == 1


def test_draws_and_patches_are_the_same_each_time(patches, tmp_path):
    make(tmp_path / "one", patches, SIZE)
    make(tmp_path / "two", patches, SIZE)
    Pool(tmp_path / "one", seed=0)[3]
    one, two, other = Pool(tmp_path / "one", seed=0)[7], Pool(tmp_path / "two", seed=0)[7], Pool(tmp_path / "two", 1)[7]
    assert all(torch.equal(x, y) for x, y in zip(one, two, strict=True))
    assert not torch.equal(one[1], other[1])


def test_the_goal_of_damaged_patches_is_the_teachers_answer_alone(patches, tmp_path):
    make(tmp_path, patches, SIZE, teacher=black)
    assert all(Pool(tmp_path, seed=0)[i][1].max() == 0 for i in range(SIZE))


def test_the_goal_of_clean_patches_is_the_truth(patches, tmp_path):
    clean = Patches(patches.photographs, 32, lambda image, rng: (image, image), 2**40, seed=3)
    make(tmp_path, clean, SIZE, teacher=black)
    pool = Pool(tmp_path, seed=0)
    assert all(torch.equal(*pool[i]) for i in range(SIZE))


def test_a_pool_is_complete_only_with_its_last_patch(patches, tmp_path):
    def interrupted(damaged):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, patches, SIZE, teacher=interrupted)
    assert not is_made(tmp_path, SIZE)
    make(tmp_path, patches, SIZE)
    assert is_made(tmp_path, SIZE)
    assert not is_made(tmp_path, SIZE + 1)


def test_clean_inputs_have_no_share_of_the_teacher():
    clean = torch.rand(3, 3, 16, 16)
    damaged = torch.nn.functional.avg_pool2d(clean, 4)
    damaged[1] += 0.1
    damaged[2] += 0.01
    assert teacher_share(damaged, clean).tolist()[:2] == [0, 1]
    assert 0 < teacher_share(damaged, clean)[2] < 1


def test_a_card_draws_the_pools_patches_in_batches(patches, tmp_path):
    make(tmp_path, patches, SIZE)
    pool = Pool(tmp_path, seed=0)
    known = {round(float(part.sum()) / 255, 3) for part in pool.parts[1].astype(np.float64)}
    batches = pool.on_card(4, torch.device("cpu"))
    drawn = [next(batches) for _ in range(6)]
    assert {tuple(part.shape) for part in drawn[0]} == {(4, 3, 16, 16), (4, 3, 32, 32)}
    assert {round(float(goal.double().sum()), 3) for _, goals in drawn for goal in goals} <= known
    assert len({goals.numpy().tobytes() for _, goals in drawn}) == 6
