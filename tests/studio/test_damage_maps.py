"""A mask that a person corrected decides what Repair fills."""

import io

import cv2
import numpy as np
import pytest

from pipeline.plan import arrange
from pipeline.stages import Repair
from tests.photographs import photograph

SIZE = (200, 133)


def png(samples):
    return cv2.imencode(".png", samples)[1].tobytes()


@pytest.fixture
def album(shop):
    cat = (photograph("chelsea", SIZE[0])[: SIZE[1], :, ::-1] * 200).astype(np.uint8)
    return shop.create([("cat.png", png(cat))])


def marked(top):
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[top : top + 6, 30:60] = 255
    return mask


def repaired(shop, album, mask):
    """The layers before and after Repair under a mask."""
    picture = album.pictures[0]
    assert shop.keep_mask("visitor", picture, io.BytesIO(png(mask))).wait(60)
    shop.submit("visitor", [picture], arrange([Repair(grow=0)]))
    assert picture.job.wait(60)
    return [picture.done.layers.picture(index) for index in (0, 1)]


def test_repair_fills_what_the_person_marked_and_nothing_else(shop, album):
    before, after = repaired(shop, album, marked(100))
    changed = (before != after).any(axis=2)
    assert changed[100:106, 30:60].mean() > 0.5
    assert not changed[marked(100) == 0].any()


def test_another_mask_is_another_run(shop, album):
    results = [repaired(shop, album, marked(top))[1] for top in (10, 100)]
    assert (results[0][100:106] != results[1][100:106]).any()
