"""Classes of colours, their weights and their losses."""

import numpy as np
import pytest
import torch

from models.networks.fast_colorizer import CENTRES
from training.learning import colour_classes


def test_a_colour_is_shared_among_its_neighbours():
    ab = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1)
    index, share = colour_classes.soft_classes(ab)
    near = {CENTRES[i] for i in index.flatten().tolist()}
    assert near == {(20, 0), (10, 0), (30, 0), (20, 10), (20, -10)}
    assert CENTRES[int(index[0, 0])] == (20, 0)
    assert float(share.sum()) == pytest.approx(1)
    assert float(share[0, 0] / share[0, 1]) == pytest.approx(np.exp(100 / 50), rel=1e-4)


def test_weights_count_rare_classes_more_and_are_one_on_average():
    prior = torch.full((len(CENTRES),), 0.1 / (len(CENTRES) - 1))
    prior[7] = 0.9
    for rebalance in (0.0, 0.1, 0.5, 1.0):
        weights = colour_classes.class_weights(prior, rebalance)
        assert float((weights * prior).sum()) == pytest.approx(1, abs=1e-4)
        assert float(weights.max() / weights.min()) == pytest.approx(
            (rebalance * 0.9 + (1 - rebalance) / 313) / (rebalance * float(prior[0]) + (1 - rebalance) / 313), rel=1e-3
        )
    assert torch.allclose(colour_classes.class_weights(prior, 0.0), torch.ones(313))


@pytest.mark.parametrize("name", colour_classes.NAMES)
def test_losses_fall_towards_the_right_answer(name):
    ab = torch.tensor([20.0, -30.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    weights = torch.ones(len(CENTRES))
    logits = [torch.zeros(1, len(CENTRES), 4, 4) for _ in range(3)]
    logits[1][:, CENTRES.index((20, -30))] = 4
    logits[2][:, CENTRES.index((-60, 60))] = 4
    unsure, right, wrong = (float(colour_classes.loss(name, x, ab, weights)) for x in logits)
    assert right < unsure < wrong


def test_the_share_of_classes_is_that_of_the_colours():
    ab = torch.zeros(1, 2, 2, 2)
    ab[0, :, 0] = 50
    share = colour_classes.share_of_classes(ab)
    assert float(share.sum()) == pytest.approx(1)
    assert share[CENTRES.index((50, 50))] == share[CENTRES.index((0, 0))] == share.max()
