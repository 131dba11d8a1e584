"""The task of restoring faces: pairs, places and losses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.methods.alignment import ARCFACE, FFHQ
from training.damage import portraits
from training.data import Photograph
from training.settings import Settings
from training.tasks import faces
from training.tasks.faces import FACES, SIDE, oval, recognisable

SETTINGS = Settings(data=(Path("none"),), out=Path("none"), steps=1, patch=SIDE)


@pytest.fixture(scope="module")
def photographs():
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    face = np.stack([0.8 - 0.3 * y, 0.5 + 0.3 * np.sin(9 * x), 0.4 + 0.2 * np.cos(7 * y)], axis=2)
    return [Photograph("one", (face * 255).astype(np.uint8))]


def pair(photographs, seed, settings=SETTINGS):
    rng = np.random.default_rng(seed)
    return FACES.pair(FACES.cut(photographs, settings.patch, rng), rng, settings)


def test_pairs_depend_on_the_seed_alone(photographs):
    one, two, other = (pair(photographs, seed) for seed in (4, 4, 5))
    assert all(np.array_equal(x, y) for x, y in zip(one, two, strict=True))
    assert not np.array_equal(one[1], other[1])


def test_a_damaged_face_keeps_the_tones_that_it_has_to_keep(photographs):
    """Grey stays grey, and fading is in the goal as well: tones are not this network's work."""
    greys = 0
    for seed in range(40):
        damaged, goal = pair(photographs, seed)
        assert damaged.shape == goal.shape == (SIDE, SIDE, 3)
        assert abs(damaged.mean() - goal.mean()) < 0.1
        if np.ptp(goal, axis=2).max() < 1e-6:
            greys += 1
    assert 5 <= greys <= 16


def test_some_faces_are_left_nearly_clean(photographs):
    near = sum(np.abs(np.subtract(*pair(photographs, seed))).mean() < 0.004 for seed in range(60))
    assert 2 <= near <= 20


def test_damage_has_the_size_of_the_face_and_not_of_the_square_that_is_learnt(photographs):
    whole, part = pair(photographs, 8), pair(photographs, 8, replace(SETTINGS, patch=128))
    places = [
        (y, x) for y in range(129) for x in range(129) if np.array_equal(whole[1][y : y + 1, x : x + 128], part[1][:1])
    ]
    assert any(np.array_equal(whole[1][y : y + 128, x : x + 128], part[1]) for y, x in places)


def test_a_face_is_recognised_at_arcfaces_places():
    x = torch.zeros(1, 3, SIDE, SIDE)
    rows, columns = torch.arange(SIDE)[:, None], torch.arange(SIDE)[None]
    for across, down in FFHQ * SIDE:
        x += torch.exp(-((columns - across) ** 2 + (rows - down) ** 2) / 50)
    small = recognisable(x)[0, 0]
    for across, down in ARCFACE * 112:
        top, left = round(down) - 8, round(across) - 8
        spot = small[top : top + 17, left : left + 17]
        peak = divmod(int(spot.argmax()), 17)
        assert abs(peak[0] - 8) <= 3
        assert abs(peak[1] - 8) <= 3


def test_the_corners_count_less_than_the_face():
    weight = oval(SIDE)
    assert weight[128, 128] == 1
    assert torch.allclose(weight[0, 0], torch.tensor(faces.MARGIN))


def test_the_loss_falls_with_the_error_and_counts_what_a_second_pass_changes():
    torch.manual_seed(0)
    goal = torch.rand(4, 3, SIDE, SIDE)
    untrained = FACES.network()  # returns its input

    def brighter(x):
        return x + 0.1

    right, wrong = (FACES.loss(untrained, answer, goal, SETTINGS) for answer in (goal, goal * 0.9))
    assert right < 1e-6 < wrong
    assert FACES.loss(brighter, goal, goal, SETTINGS) > 0.01


def test_damage_reaches_what_a_face_of_forty_pixels_looks_like():
    rng = np.random.default_rng(0)
    face = rng.random((SIDE, SIDE, 3)).astype(np.float32)
    energy = [np.abs(np.diff(portraits.aged(face, rng), axis=0)).mean() for _ in range(40)]
    assert min(energy) < 0.15 * np.abs(np.diff(face, axis=0)).mean()
