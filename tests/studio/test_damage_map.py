"""The damage on a photograph: what the page shows of it, and the mask that a person corrects."""

import cv2
import numpy as np
import pytest

from pipeline.plan import arrange
from pipeline.stages import Repair
from studio import damage_map, workshop
from tests.api.test_routes import ask
from tests.photographs import photograph

SIZE = (200, 133)


def png(samples):
    return cv2.imencode(".png", samples)[1].tobytes()


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.fixture
def album():
    """A cat with a white scratch across it."""
    cat = (photograph("chelsea", SIZE[0])[: SIZE[1], :, ::-1] * 200).astype(np.uint8)
    cat[60:62, 20:180] = 255
    return workshop.workshop().shelf.create([("cat.png", png(cat))])


def test_the_plate_is_the_photograph_as_the_stages_see_it(album):
    status, headers, body = ask(f"/studio/{album.id}/0/plate")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert decoded(body).shape[1::-1] == damage_map.size(album.pictures[0]) == SIZE


def test_the_scratch_is_likelier_damaged_than_the_cat(album):
    status, _, body = ask(f"/studio/{album.id}/0/damage?model=classical")
    likely = decoded(body)
    assert status == 200
    assert likely.shape == SIZE[::-1]
    assert likely[60:62, 30:170].mean() > 20 * max(likely[80:].mean(), 1)


def test_only_detectors_are_asked(album):
    assert ask(f"/studio/{album.id}/0/damage?model=/etc/passwd")[0] == 422


def test_a_mask_is_kept_and_given_back(album):
    assert ask(f"/studio/{album.id}/0/mask")[0] == 404
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[10:20, 30:60] = 255
    assert ask(f"/studio/{album.id}/0/mask", method="PUT", body=png(mask))[0] == 204
    assert (decoded(ask(f"/studio/{album.id}/0/mask")[2]) == mask).all()


@pytest.mark.parametrize("body", [b"words", png(np.zeros((20, 30), np.uint8))], ids=["no picture", "another size"])
def test_what_is_no_mask_of_the_photograph_is_refused(album, body):
    assert ask(f"/studio/{album.id}/0/mask", method="PUT", body=body)[0] == 422
    assert album.pictures[0].mask is None


def test_repair_fills_what_the_person_marked_and_nothing_else(album):
    picture = album.pictures[0]
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[100:106, 30:60] = 255
    damage_map.keep(picture, png(mask))
    workshop.order(album, [picture], arrange([Repair(grow=0)]))
    assert picture.job.wait(60)
    before, after = (picture.done.layers.picture(index) for index in (0, 1))
    changed = (before != after).any(axis=2)
    assert changed[100:106, 30:60].mean() > 0.5
    assert not changed[mask == 0].any()
    assert picture.settled_plan().stages[0].mask == ""


def test_another_mask_is_another_run(album):
    picture = album.pictures[0]
    results = []
    for top in (10, 100):
        mask = np.zeros(SIZE[::-1], np.uint8)
        mask[top : top + 6, 30:60] = 255
        damage_map.keep(picture, png(mask))
        workshop.order(album, [picture], arrange([Repair(grow=0)]))
        assert picture.job.wait(60)
        results.append(picture.done.layers.picture(1))
    assert (results[0][100:106] != results[1][100:106]).any()
